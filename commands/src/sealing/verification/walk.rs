//! Walking through a stream from its first event to its last.

use chrono::{DateTime, Utc};
use draxis_domain::{Position, TenantId};
use draxis_event_store::{StoredEvent, StoredNode, StreamEnd, Stretch, StretchError};
use draxis_proof::tree::Frontier;

use super::claims::Claims;
use super::fault::Fault;
use crate::sealing::making::{kept_node, recorded_leaf};
use crate::sealing::stored_tree::StoredTree;
use crate::sealing::{SealError, Sealing};

/// Why a walk ends early.
pub(super) enum Stop {
    /// Something is not as it must be.
    Fault(Box<Fault>),
    /// It could not be looked at.
    Failed(SealError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<SealError> for Stop {
    fn from(error: SealError) -> Self {
        Self::Failed(error)
    }
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StretchError> for Stop {
    fn from(error: StretchError) -> Self {
        match error {
            StretchError::Missing { expected } => Fault::Missing { position: expected }.into(),
            StretchError::Database { .. } | StretchError::Interrupted { .. } => Self::Failed(error.into()),
        }
    }
}

/// The tree as the records give it, up to where the walk stands.
pub(super) struct Walk {
    sealing: Sealing,
    tenant: TenantId,
    claims: Claims,
    frontier: Frontier,
    tree: StoredTree,
    completed: Vec<StoredNode>,
    before: Option<DateTime<Utc>>,
}

impl Walk {
    pub(super) fn new(sealing: Sealing, tenant: TenantId, claims: Claims) -> Self {
        let tree = sealing.tree(tenant);
        Self { sealing, tenant, claims, frontier: Frontier::new(), tree, completed: Vec::new(), before: None }
    }

    /// The last event that was found to be right.
    pub(super) fn read(&self) -> Position {
        Position::new(self.frontier.size())
    }

    /// How many checkpoints were compared: stored ones, and ones from outside.
    pub(super) const fn compared(&self) -> (u64, u64) {
        self.claims.compared()
    }

    pub(super) async fn walk_through(
        &mut self,
        end: &StreamEnd,
        progress: &mut impl FnMut(u64, u64),
    ) -> Result<(), Stop> {
        let last = end.last.map_or(Position::START, |(position, _)| position);
        let sealed = self.sealing.latest_size(self.tenant).await?;
        self.claims.compare(&self.frontier).await?;
        let mut due = self.claims.next_size().await?;
        let pool = self.sealing.office.pools.app.clone();
        let mut reader = Stretch::all(self.tenant, Position::START, last).read(&pool);
        while let Some(events) = reader.next().await? {
            for event in &events {
                self.step(event)?;
                if due == Some(self.frontier.size()) {
                    self.claims.compare(&self.frontier).await?;
                    due = self.claims.next_size().await?;
                }
            }
            self.compare_nodes(sealed).await?;
            progress(self.frontier.size(), last.get());
        }
        self.claims.beyond(last).await?;
        compare_head(end)
    }

    fn step(&mut self, event: &StoredEvent) -> Result<(), Stop> {
        let position = event.position;
        if let Some(before) = self.before.filter(|before| event.recorded_at < *before) {
            return Err(Fault::Time { position, found: event.recorded_at, before }.into());
        }
        self.before = Some(event.recorded_at);
        let leaf = recorded_leaf(self.tenant, event).ok_or(Fault::Record { position })?;
        let completed = &mut self.completed;
        self.frontier.push_noting(leaf, |level, place, hash| completed.extend(kept_node(level, place, hash)));
        Ok(())
    }

    /// Compares the nodes completed since the last time with those stored, as far as the stream is sealed.
    async fn compare_nodes(&mut self, sealed: u64) -> Result<(), Stop> {
        for node in std::mem::take(&mut self.completed) {
            let StoredNode { height, place, hash } = node;
            let leaves = 256_u64.checked_pow(u32::from(height));
            let end = leaves.and_then(|leaves| leaves.checked_mul(place.saturating_add(1)));
            let is_sealed = end.is_some_and(|end| end <= sealed);
            if is_sealed && self.tree.stored(height, place).await? != Some(hash) {
                return Err(Fault::Node { height, place }.into());
            }
        }
        Ok(())
    }
}

fn compare_head(end: &StreamEnd) -> Result<(), Stop> {
    let place =
        |place: Option<(Position, DateTime<Utc>)>| place.map_or(Position::START, |(position, _)| position);
    let (head, last) = (place(end.head), place(end.last));
    if head != last {
        return Err(Fault::Head { head, last }.into());
    }
    match (end.head, end.last) {
        (Some((_, head)), Some((_, last))) if head != last => Err(Fault::HeadTime { head, last }.into()),
        (Some(_) | None, Some(_) | None) => Ok(()),
    }
}
