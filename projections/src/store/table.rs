//! The tables, all of one shape: what is read from and written to each, as checked SQL.
//!
//! Rows are asked for key by key (`LATERAL … OFFSET 0`), not by `key = ANY(…)`: where a table was small when the statement was
//! planned, or the array's length is unknown, Postgres compares every row of the tenant with every key of the array.

use draxis_domain::Position;
use draxis_event_store::TenantTx;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};

use crate::error::ReadError;
use crate::projection::Projection;
use crate::store::snapshot;

/// A row as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keyed {
    pub(crate) key: String,
    pub(crate) body: String,
}

/// Keys strictly between two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) after: String,
    pub(crate) before: String,
}

impl Range {
    /// Every key there is: keys are ASCII.
    pub(crate) fn all() -> Self {
        Self { after: String::new(), before: "\u{7f}".to_owned() }
    }

    /// Keys that begin so.
    pub(crate) fn under(prefix: &str) -> Self {
        Self { after: prefix.to_owned(), before: format!("{prefix}\u{7f}") }
    }
}

/// What one statement saw: the rows and the checkpoint they belong to, of one instant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// The version and the position of what serves; none where nothing does.
    pub(crate) checkpoint: Option<(i32, Position)>,
    pub(crate) rows: Vec<Keyed>,
}

/// Declares the tables and every statement on them: checked macros want the name within the text.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident = $name:literal),+ $(,)?) => {
        /// The table of a projection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Table {
            $($(#[$doc])* $table),+
        }

        impl Table {
            /// Its name, which is also the projection's.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$table => $name),+ }
            }

            /// The rows of a generation under these keys.
            pub(crate) async fn load(
                self,
                transaction: &mut TenantTx,
                generation: i32,
                keys: &[String],
            ) -> Result<Vec<Keyed>, sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => sqlx::query_as!(
                        Keyed,
                        r#"SELECT r.key AS "key!", r.body::text AS "body!" FROM unnest($3::text[]) AS k (key) CROSS JOIN LATERAL (
                               SELECT t.key, t.body FROM "# + $name + r#" AS t
                               WHERE t.tenant_id = $1 AND t.generation = $2 AND t.key = k.key OFFSET 0) AS r"#,
                        tenant, generation, keys
                    ).fetch_all(&mut **transaction).await),+
                }
            }

            /// Writes rows of a generation, new ones and those that change.
            pub(crate) async fn put(
                self,
                transaction: &mut TenantTx,
                generation: i32,
                keys: &[String],
                bodies: &[String],
            ) -> Result<(), sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => sqlx::query!(
                        "INSERT INTO " + $name + " (tenant_id, generation, key, body)
                         SELECT $1, $2, r.key, r.body::json FROM unnest($3::text[], $4::text[]) AS r (key, body)
                         ON CONFLICT (tenant_id, generation, key) DO UPDATE SET body = excluded.body",
                        tenant, generation, keys, bodies
                    ).execute(&mut **transaction).await),+
                }
                .map(drop)
            }

            /// Removes rows of a generation.
            pub(crate) async fn remove(
                self,
                transaction: &mut TenantTx,
                generation: i32,
                keys: &[String],
            ) -> Result<(), sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => sqlx::query!(
                        "DELETE FROM " + $name + " AS t USING unnest($3::text[]) AS k (key)
                         WHERE t.tenant_id = $1 AND t.generation = $2 AND t.key = k.key",
                        tenant, generation, keys
                    ).execute(&mut **transaction).await),+
                }
                .map(drop)
            }

            /// Removes the rows of generations that no checkpoint names: those before the one that serves, and what was begun
            /// after it and given up. One statement each sees rows and checkpoints of one instant, so that a generation
            /// that is begun meanwhile is left alone.
            pub(crate) async fn sweep_out(self, transaction: &mut TenantTx) -> Result<(), sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => {
                        sqlx::query!(
                            "DELETE FROM " + $name + " WHERE tenant_id = $1 AND generation <
                                 (SELECT generation FROM projection_checkpoints
                                  WHERE tenant_id = $1 AND projection = $2 AND serving)",
                            tenant, $name
                        ).execute(&mut **transaction).await?;
                        sqlx::query!(
                            "DELETE FROM " + $name + " WHERE tenant_id = $1 AND generation >
                                 (SELECT max(generation) FROM projection_checkpoints
                                  WHERE tenant_id = $1 AND projection = $2)",
                            tenant, $name
                        ).execute(&mut **transaction).await?;
                    }),+
                }
                if self == Self::RiskModel {
                    snapshot::sweep_out(transaction).await?;
                }
                Ok(())
            }

            /// The first rows of what serves within a range of keys, ascending.
            pub(crate) async fn ascending(
                self,
                transaction: &mut TenantTx,
                range: &Range,
                limit: i64,
            ) -> Result<Seen, sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => {
                        let found = sqlx::query_as!(
                            Found,
                            r#"SELECT s.version, s.position, r.key AS "key?", r.body AS "body?"
                               FROM projection_checkpoints AS s LEFT JOIN LATERAL (
                                   SELECT t.key, t.body::text AS body FROM "# + $name + r#" AS t
                                   WHERE t.tenant_id = $1 AND t.generation = s.generation AND t.key > $3 AND t.key < $4
                                   ORDER BY t.key LIMIT $5) AS r ON true
                               WHERE s.tenant_id = $1 AND s.projection = $2 AND s.serving
                               ORDER BY r.key"#,
                            tenant, $name, range.after, range.before, limit
                        ).fetch_all(&mut **transaction).await;
                        found.map(Seen::of)
                    }),+
                }
            }

            /// The last rows of what serves within a range of keys, descending.
            pub(crate) async fn descending(
                self,
                transaction: &mut TenantTx,
                range: &Range,
                limit: i64,
            ) -> Result<Seen, sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => {
                        let found = sqlx::query_as!(
                            Found,
                            r#"SELECT s.version, s.position, r.key AS "key?", r.body AS "body?"
                               FROM projection_checkpoints AS s LEFT JOIN LATERAL (
                                   SELECT t.key, t.body::text AS body FROM "# + $name + r#" AS t
                                   WHERE t.tenant_id = $1 AND t.generation = s.generation AND t.key > $3 AND t.key < $4
                                   ORDER BY t.key DESC LIMIT $5) AS r ON true
                               WHERE s.tenant_id = $1 AND s.projection = $2 AND s.serving
                               ORDER BY r.key DESC"#,
                            tenant, $name, range.after, range.before, limit
                        ).fetch_all(&mut **transaction).await;
                        found.map(Seen::of)
                    }),+
                }
            }

            /// The rows of what serves under these keys, ascending.
            pub(crate) async fn named(
                self,
                transaction: &mut TenantTx,
                keys: &[String],
            ) -> Result<Seen, sqlx::Error> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => {
                        let found = sqlx::query_as!(
                            Found,
                            r#"SELECT s.version, s.position, r.key AS "key?", r.body::text AS "body?"
                               FROM projection_checkpoints AS s LEFT JOIN LATERAL (
                                   SELECT t.key, t.body FROM unnest($3::text[]) AS k (key) CROSS JOIN LATERAL (
                                       SELECT t.key, t.body FROM "# + $name + r#" AS t
                                       WHERE t.tenant_id = $1 AND t.generation = s.generation AND t.key = k.key OFFSET 0) AS t
                               ) AS r ON true
                               WHERE s.tenant_id = $1 AND s.projection = $2 AND s.serving
                               ORDER BY r.key"#,
                            tenant, $name, keys
                        ).fetch_all(&mut **transaction).await;
                        found.map(Seen::of)
                    }),+
                }
            }

            /// Every row of what serves, ascending, one after the other in constant memory; the checkpoint with each, and
            /// once without a row where there are none.
            pub(crate) fn stream(
                self,
                transaction: &mut TenantTx,
            ) -> BoxStream<'_, Result<(i32, Position, Option<Keyed>), sqlx::Error>> {
                let tenant = transaction.tenant().uuid();
                match self {
                    $(Self::$table => sqlx::query_as!(
                        Found,
                        r#"SELECT s.version, s.position, r.key AS "key?", r.body::text AS "body?"
                           FROM projection_checkpoints AS s LEFT JOIN "# + $name + r#" AS r
                               ON r.tenant_id = $1 AND r.generation = s.generation
                           WHERE s.tenant_id = $1 AND s.projection = $2 AND s.serving
                           ORDER BY r.key"#,
                        tenant, $name
                    ).fetch(&mut **transaction).map_ok(Found::apart).boxed()),+
                }
            }
        }
    };
}

tables! {
    /// KRIs, risks, controls, outcomes, vendors.
    RiskModel = "risk_model",
    /// Sources.
    Sources = "sources",
    /// Their runs.
    SourceRuns = "source_runs",
    /// Every value of every KRI.
    KriHistory = "kri_history",
    /// Breaches and what became of them.
    Breaches = "breaches",
    /// Where events of an id stand, and what followed from them.
    Causality = "causality",
    /// Workflows.
    Workflows = "workflows",
    /// Every version of workflows and KRI events.
    WorkflowVersions = "workflow_versions",
    /// Every change of workflows and KRI events.
    WorkflowChangeLog = "workflow_change_log",
    /// Declared KRI events.
    KriEventDefinitions = "kri_event_definitions",
    /// Relays.
    Relays = "relays",
    /// Interviews.
    Interviews = "interviews",
    /// Runs of workflows.
    WorkflowRuns = "workflow_runs",
    /// What they do outside.
    Effects = "effects",
    /// Decisions that runs wait for.
    Approvals = "approvals",
    /// Public previews.
    Previews = "previews",
    /// Sessions of the panel, with what was asked and answered.
    PanelSessions = "panel_sessions",
    /// What is remembered.
    Memory = "institutional_memory",
    /// Organizations, tenants, accounts, invitations.
    Directory = "directory",
}

/// A row beside the checkpoint that serves it.
struct Found {
    version: i32,
    position: i64,
    key: Option<String>,
    body: Option<String>,
}

impl Found {
    fn apart(self) -> (i32, Position, Option<Keyed>) {
        let row = self.key.zip(self.body).map(|(key, body)| Keyed { key, body });
        (self.version, Position::from_i64(self.position), row)
    }
}

impl Seen {
    /// The position of the rows, where this program's version of the projection serves; none where an older one does, or none
    /// yet.
    pub(crate) fn served<P: Projection>(&self) -> Result<Option<Position>, ReadError> {
        match self.checkpoint {
            Some((found, _)) if found > P::VERSION => {
                Err(ReadError::Newer { projection: P::TABLE.name(), found, known: P::VERSION })
            }
            Some((found, position)) if found == P::VERSION => Ok(Some(position)),
            Some(_) | None => Ok(None),
        }
    }

    fn of(found: Vec<Found>) -> Self {
        let checkpoint = found.first().map(|row| (row.version, Position::from_i64(row.position)));
        Self { checkpoint, rows: found.into_iter().filter_map(|row| row.apart().2).collect() }
    }
}
