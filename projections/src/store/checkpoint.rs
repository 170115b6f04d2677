//! Checkpoints: how far each generation of each projection has folded its stream.

use draxis_domain::Position;
use draxis_event_store::TenantTx;

/// One generation of one projection, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) projection: String,
    pub(crate) generation: i32,
    pub(crate) version: i32,
    pub(crate) position: Position,
}

/// What a generation is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is read from.
    Serving,
    /// It is being built beside the one that is read from.
    Building,
}

impl Role {
    const fn serves(self) -> bool {
        matches!(self, Self::Serving)
    }
}

struct Row {
    projection: String,
    generation: i32,
    version: i32,
    position: i64,
}

impl From<Row> for Checkpoint {
    fn from(row: Row) -> Self {
        let Row { projection, generation, version, position } = row;
        Self { projection, generation, version, position: Position::from_i64(position) }
    }
}

/// The checkpoints of these projections in that role, locked until the transaction ends. One that another transaction has
/// just switched is missing here, and is found by locking again.
pub(crate) async fn locked(
    transaction: &mut TenantTx,
    role: Role,
    projections: &[String],
) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        Row,
        "SELECT projection, generation, version, position FROM projection_checkpoints
         WHERE tenant_id = $1 AND serving = $2 AND projection = ANY($3)
         ORDER BY projection, generation FOR UPDATE",
        tenant,
        role.serves(),
        projections
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(Checkpoint::from).collect())
}

/// The checkpoints that serve, as they are.
pub(crate) async fn served(transaction: &mut TenantTx) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    let rows = sqlx::query_as!(
        Row,
        "SELECT projection, generation, version, position FROM projection_checkpoints
         WHERE tenant_id = $1 AND serving ORDER BY projection",
        tenant
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows.into_iter().map(Checkpoint::from).collect())
}

/// Lets each of these projections serve from the stream's beginning, where it does not serve yet.
pub(crate) async fn begin_serving(
    transaction: &mut TenantTx,
    projections: &[String],
    versions: &[i32],
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "INSERT INTO projection_checkpoints (tenant_id, projection, generation, version, position, serving)
         SELECT $1, p.name, 1 + coalesce((SELECT max(c.generation) FROM projection_checkpoints AS c
                                          WHERE c.tenant_id = $1 AND c.projection = p.name), 0), p.version, 0, true
         FROM unnest($2::text[], $3::int[]) AS p (name, version)
         WHERE NOT EXISTS (SELECT FROM projection_checkpoints AS c
                           WHERE c.tenant_id = $1 AND c.projection = p.name AND c.serving)
         ON CONFLICT DO NOTHING",
        tenant,
        projections,
        versions
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

/// Gives up what is being built in another version; its rows are then named by no checkpoint, and can be swept out.
pub(crate) async fn give_up_building(
    transaction: &mut TenantTx,
    projection: &str,
    version: i32,
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "DELETE FROM projection_checkpoints
         WHERE tenant_id = $1 AND projection = $2 AND NOT serving AND version <> $3",
        tenant,
        projection,
        version
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

/// Begins the generation after the one that serves, where none is being built; one that is goes on from where it stands.
pub(crate) async fn begin_building(
    transaction: &mut TenantTx,
    projection: &str,
    version: i32,
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "INSERT INTO projection_checkpoints (tenant_id, projection, generation, version, position, serving)
         SELECT $1, $2, s.generation + 1, $3, 0, false FROM projection_checkpoints AS s
         WHERE s.tenant_id = $1 AND s.projection = $2 AND s.serving
           AND NOT EXISTS (SELECT FROM projection_checkpoints AS b
                           WHERE b.tenant_id = $1 AND b.projection = $2 AND NOT b.serving)
         ON CONFLICT DO NOTHING",
        tenant,
        projection,
        version
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

/// Moves the checkpoints of these projections in that role on; none goes back.
pub(crate) async fn advance(
    transaction: &mut TenantTx,
    role: Role,
    projections: &[String],
    to: Position,
) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "UPDATE projection_checkpoints SET position = $4
         WHERE tenant_id = $1 AND serving = $2 AND projection = ANY($3) AND position < $4",
        tenant,
        role.serves(),
        projections,
        to.as_i64()
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}

/// Lets what was built serve instead of what served.
pub(crate) async fn switch(transaction: &mut TenantTx, projection: &str) -> Result<(), sqlx::Error> {
    let tenant = transaction.tenant().uuid();
    sqlx::query!(
        "DELETE FROM projection_checkpoints WHERE tenant_id = $1 AND projection = $2 AND serving",
        tenant,
        projection
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "UPDATE projection_checkpoints SET serving = true WHERE tenant_id = $1 AND projection = $2",
        tenant,
        projection
    )
    .execute(&mut **transaction)
    .await
    .map(drop)
}
