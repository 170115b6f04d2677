//! Claiming: due timers of any tenant by their ids alone, leased by database time under a number that only rises.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use draxis_domain::TenantId;
use sqlx::PgPool;

use crate::tenant_tx::TenantTx;
use crate::timers::fold::cause;
use crate::timers::{StoredTimer, TimerName};

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct TimerClaim<'a> {
    /// Kinds it can carry out.
    pub kinds: &'a [String],
    /// Due at or before.
    pub due: DateTime<Utc>,
    /// How many of one tenant may be under way.
    pub of_tenant: u32,
    /// How many it takes now.
    pub up_to: u32,
    /// How many are under way already, by tenant.
    pub busy: &'a BTreeMap<TenantId, u32>,
    /// How long they are its own, by the database's clock.
    pub lease: Duration,
    /// Whether a claim must outlast the server.
    pub durability: ClaimDurability,
}

/// What a claim is worth once the server has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimDurability {
    /// It holds, and no number is given a second time: for whoever tells by it what somebody else has begun (hazards H14).
    Durable,
    /// It may be forgotten, and its number be given again: for what is harmless to do twice. Nobody waits for the disk.
    Forgettable,
}

impl ClaimDurability {
    /// Postgres' setting for the transaction that claims.
    pub(super) const fn synchronous_commit(self) -> &'static str {
        match self {
            Self::Durable => "on",
            Self::Forgettable => "off",
        }
    }
}

/// A timer that this worker holds until its lease ends or somebody else is given a higher number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedTimer {
    /// Whose it is.
    pub tenant: TenantId,
    /// What it is of.
    pub name: TimerName,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// The number of the claim.
    pub fence: i64,
}

/// Takes due timers that nobody holds, fairly between tenants.
pub async fn claim_timers(pool: &PgPool, claim: &TimerClaim<'_>) -> Result<Vec<ClaimedTimer>, sqlx::Error> {
    let signed = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    let (tenants, jobs): (Vec<_>, Vec<_>) =
        claim.busy.iter().map(|(tenant, jobs)| (tenant.uuid(), signed(*jobs))).unzip();
    let rows = sqlx::query!(
        r#"SELECT tenant_id AS "tenant_id!", kind AS "kind!", subject AS "subject!", due_at AS "due_at!", fence AS "fence!"
           FROM set_config('synchronous_commit', $8, true), claim_timers($1, $2, $3, $4, $5, $6, $7)"#,
        claim.kinds,
        claim.due,
        signed(claim.of_tenant),
        signed(claim.up_to),
        &tenants,
        &jobs,
        millis(claim.lease),
        claim.durability.synchronous_commit()
    )
    .fetch_all(pool)
    .await?;
    let claimed = rows.into_iter().map(|row| ClaimedTimer {
        tenant: row.tenant_id.into(),
        name: TimerName { kind: row.kind, subject: row.subject },
        due_at: row.due_at,
        fence: row.fence,
    });
    Ok(in_turn(claimed.collect()))
}

/// One of each tenant before a second of anybody: whoever begins them in this order leaves nobody to the end.
fn in_turn(mut claimed: Vec<ClaimedTimer>) -> Vec<ClaimedTimer> {
    claimed.sort_by_key(|timer| timer.due_at);
    let mut taken: BTreeMap<TenantId, u32> = BTreeMap::new();
    let mut turns: Vec<(u32, ClaimedTimer)> = Vec::with_capacity(claimed.len());
    for timer in claimed {
        let turn = taken.entry(timer.tenant).or_default();
        turns.push((*turn, timer));
        *turn = turn.saturating_add(1);
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, timer)| timer).collect()
}

/// The timer that was claimed; none where the claim no longer holds, or an event has moved it meanwhile.
pub async fn find_claimed(pool: &PgPool, claimed: &ClaimedTimer) -> Result<Option<StoredTimer>, sqlx::Error> {
    let mut transaction = TenantTx::begin(pool, claimed.tenant).await?;
    let row = sqlx::query!(
        r#"SELECT due_at, cause, memo::text AS "memo!" FROM timers
           WHERE tenant_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4 AND fence = $5 AND NOT done
             AND held_until > clock_timestamp()"#,
        claimed.tenant.uuid(),
        claimed.name.kind,
        claimed.name.subject,
        claimed.due_at,
        claimed.fence
    )
    .fetch_optional(&mut *transaction)
    .await?;
    row.map(|row| Ok(StoredTimer { due_at: row.due_at, cause: cause(&row.cause)?, memo: row.memo }))
        .transpose()
}

/// Says that what was due has been done. Should that be lost with the server, it is done again, which its rule answers with
/// nothing: nobody waits here for the disk. False where the claim no longer holds or the timer is due for something else by now:
/// then it stays as it is (hazards H14).
pub async fn finish_timer(
    pool: &PgPool,
    claimed: &ClaimedTimer,
    timer: &StoredTimer,
) -> Result<bool, sqlx::Error> {
    let mut transaction = TenantTx::begin_rebuildable(pool, claimed.tenant).await?;
    let done = sqlx::query!(
        "UPDATE timers SET done = true
         WHERE tenant_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4 AND fence = $5 AND cause = $6 AND NOT done",
        claimed.tenant.uuid(),
        claimed.name.kind,
        claimed.name.subject,
        claimed.due_at,
        claimed.fence,
        timer.cause.to_string()
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a timer of which nothing need be kept. As with [`finish_timer`], nobody waits for the disk, and one that is no longer
/// held, or is due for something else by now, stays.
pub async fn drop_timer(
    pool: &PgPool,
    claimed: &ClaimedTimer,
    timer: &StoredTimer,
) -> Result<(), sqlx::Error> {
    let mut transaction = TenantTx::begin_rebuildable(pool, claimed.tenant).await?;
    sqlx::query!(
        "DELETE FROM timers
         WHERE tenant_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4 AND fence = $5 AND cause = $6 AND NOT done",
        claimed.tenant.uuid(),
        claimed.name.kind,
        claimed.name.subject,
        claimed.due_at,
        claimed.fence,
        timer.cause.to_string()
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Counts a failure and holds the timer back for a while, the longer the more often it failed. Answers with how often it has
/// failed; none where the claim no longer holds.
pub async fn retry_timer(
    pool: &PgPool,
    claimed: &ClaimedTimer,
    (first, longest): (Duration, Duration),
) -> Result<Option<u32>, sqlx::Error> {
    let mut transaction = TenantTx::begin_rebuildable(pool, claimed.tenant).await?;
    let failures = sqlx::query_scalar!(
        "UPDATE timers SET failures = failures + 1,
             held_until = clock_timestamp() + least($6::bigint << least(failures, 30), $7) * interval '1 millisecond'
         WHERE tenant_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4 AND fence = $5 AND NOT done
         RETURNING failures",
        claimed.tenant.uuid(),
        claimed.name.kind,
        claimed.name.subject,
        claimed.due_at,
        claimed.fence,
        millis(first),
        millis(longest)
    )
    .fetch_optional(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(failures.and_then(|failures| u32::try_from(failures).ok()))
}

/// Holds a timer back for a while without having done it and without a failure: what it waits for is not there yet.
pub async fn hold_timer(pool: &PgPool, claimed: &ClaimedTimer, pause: Duration) -> Result<(), sqlx::Error> {
    let mut transaction = TenantTx::begin_rebuildable(pool, claimed.tenant).await?;
    sqlx::query!(
        "UPDATE timers SET held_until = clock_timestamp() + $6::bigint * interval '1 millisecond', failures = 0
         WHERE tenant_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4 AND fence = $5 AND NOT done",
        claimed.tenant.uuid(),
        claimed.name.kind,
        claimed.name.subject,
        claimed.due_at,
        claimed.fence,
        millis(pause)
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// Gives a timer back untouched, for another worker to claim at once.
pub async fn hand_back_timer(pool: &PgPool, claimed: &ClaimedTimer) -> Result<(), sqlx::Error> {
    let mut transaction = TenantTx::begin_rebuildable(pool, claimed.tenant).await?;
    sqlx::query!(
        "UPDATE timers SET held_until = '-infinity'
         WHERE tenant_id = $1 AND kind = $2 AND subject = $3 AND due_at = $4 AND fence = $5 AND NOT done",
        claimed.tenant.uuid(),
        claimed.name.kind,
        claimed.name.subject,
        claimed.due_at,
        claimed.fence
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_domain::TenantId;
    use ulid::Ulid;

    use super::{ClaimedTimer, in_turn};
    use crate::timers::TimerName;

    #[test]
    fn one_of_each_tenant_comes_before_a_second_of_anybody() {
        let timer = |tenant: u128, second: i64| ClaimedTimer {
            tenant: TenantId::new(Ulid(tenant)),
            name: TimerName { kind: "k".to_owned(), subject: "s".to_owned() },
            due_at: DateTime::from_timestamp(second, 0).unwrap(),
            fence: 1,
        };
        let ordered = in_turn(vec![timer(1, 3), timer(1, 1), timer(1, 2), timer(2, 9), timer(3, 8)]);
        let told: Vec<_> = ordered.iter().map(|it| (it.tenant.ulid().0, it.due_at.timestamp())).collect();
        assert_eq!(told, [(1, 1), (3, 8), (2, 9), (1, 2), (1, 3)]);
    }
}
