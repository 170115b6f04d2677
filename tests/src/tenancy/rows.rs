//! A row of any tenant's table, made by what the catalog says of its columns, so that new tables are tested unasked.

use draxis_domain::TenantId;
use sqlx::{Executor, PgConnection, Row};

/// A table that holds tenants' rows, with its columns and their types.
#[derive(Debug)]
pub(super) struct TenantTable {
    pub(super) name: String,
    columns: Vec<(String, String)>,
}

impl TenantTable {
    /// Every one there is.
    pub(super) async fn all(connection: &mut PgConnection) -> Vec<Self> {
        let query = "
            SELECT c.relname::text AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns,
                   array_agg(format_type(a.atttypid, NULL) ORDER BY a.attnum) AS types
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                AND a.attgenerated = ''
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            GROUP BY c.relname HAVING bool_or(a.attname = 'tenant_id') ORDER BY c.relname";
        let rows = connection.fetch_all(query).await.unwrap();
        let table = |row: &sqlx::postgres::PgRow| Self {
            name: row.get("name"),
            columns: row
                .get::<Vec<String>, _>("columns")
                .into_iter()
                .zip(row.get::<Vec<String>, _>("types"))
                .collect(),
        };
        rows.iter().map(table).collect()
    }

    /// The statement that inserts the tenant's n-th row.
    pub(super) fn insert(&self, tenant: TenantId, n: u32) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<String> =
            self.columns.iter().map(|(name, kind)| value(name, kind, tenant, n)).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.name, names.join(", "), values.join(", "))
    }
}

/// Something that every check admits: ids of 26 letters, hashes of 32 bytes, counts from 1.
fn value(name: &str, kind: &str, tenant: TenantId, n: u32) -> String {
    match kind {
        "uuid" if name == "tenant_id" => format!("'{}'", tenant.uuid()),
        "uuid" => "gen_random_uuid()".to_owned(),
        "text" => format!("'{n:026}'"),
        "smallint" | "integer" | "bigint" | "numeric" => n.to_string(),
        "json" | "jsonb" => "'{}'".to_owned(),
        "bytea" => format!("decode('{n:064}', 'hex')"),
        "boolean" => "true".to_owned(),
        "timestamp with time zone" => "'2026-11-21T00:00:00Z'".to_owned(),
        "xid8" => "pg_current_xact_id()".to_owned(),
        _ => panic!("say here what a {kind} ({name}) may be"),
    }
}
