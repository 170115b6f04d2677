//! Building anew: a generation grows beside the one that serves, and takes its place in one step (design.md section 4).

mod ahead;

use draxis_domain::{PlatformEvent, Position, TenantEvent, TenantId};
use draxis_event_store::{TenantTx, head};
use sqlx::PgPool;
use tokio::task::JoinSet;

use crate::error::ReadError;
use crate::live::advance::{Growing, advance};
use crate::live::catch_up::lock_serving;
use crate::live::rebuild::ahead::Ahead;
use crate::live::step::Step;
use crate::live::{CHUNK, Live};
use crate::projection::Log;
use crate::store::{Checkpoint, Folder, Role, checkpoint};

/// How far a rebuild has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whose read models they are.
    pub tenant: TenantId,
    /// The position that is folded.
    pub position: Position,
    /// The stream's head as it was when this began.
    pub head: Position,
}

/// How many events are folded before rows and checkpoints are written: a row that many of them touch is written once.
const STRETCH: u64 = 10_000;

/// What is being built: the events on their way, the rows at hand, and the checkpoints that these stand at.
struct Site<E> {
    ahead: Ahead<E>,
    growing: Vec<Growing<E>>,
    at: Vec<Checkpoint>,
}

/// Some thousand events, folded and not yet written.
struct Stretch {
    /// Where the projections stood before.
    from: Vec<Checkpoint>,
    /// Where they stand when this is written.
    to: Position,
    steps: Vec<Step>,
}

/// What came of an attempt to write a stretch.
enum Built {
    /// It is written.
    On,
    /// The projections do not stand where it was folded from, by another process' doing.
    Elsewhere,
}

impl<E: Log> Site<E> {
    /// No rows at hand yet.
    fn at(pool: &PgPool, tenant: TenantId, building: Vec<Checkpoint>, until: Position) -> Self {
        let ahead = Ahead::of(pool, tenant, first(&building), until);
        Self { ahead, growing: Growing::all_of(&building), at: building }
    }

    /// Folds the next stretch; none once all is folded. What it does not have at hand it reads: rows of the stretch before the last
    /// one, and earlier, which must be written by now.
    async fn fold(
        &mut self,
        reading: &mut TenantTx,
        told: &mut (dyn FnMut(Position) + Send),
    ) -> Result<Option<Stretch>, ReadError> {
        let (from, begun) = (self.at.clone(), self.ahead.position());
        let mut steps = Vec::new();
        while self.ahead.position().get().saturating_sub(begun.get()) < STRETCH {
            let Some(events) = self.ahead.next().await? else { break };
            let Some(last) = events.last() else { continue };
            for one in &mut self.growing {
                one.fold(reading, &events).await?;
                if one.is_due() {
                    steps.extend(one.steps(last)?);
                }
            }
            told(last.position);
        }
        let to = self.ahead.position();
        if to == begun {
            return Ok(None);
        }
        for one in &mut self.growing {
            steps.push(one.rows()?);
            one.let_go();
        }
        for checkpoint in &mut self.at {
            checkpoint.position = checkpoint.position.max(to);
        }
        Ok(Some(Stretch { from, to, steps }))
    }
}

/// Where the last of them stands.
fn first(building: &[Checkpoint]) -> Position {
    building.iter().map(|checkpoint| checkpoint.position).min().unwrap_or_default()
}

impl Live {
    /// Builds one projection of the stream anew, or all of them, while the old rows serve. One that was cut off goes on from
    /// where it stood. Answers with the position at the switch.
    pub(crate) async fn rebuild(
        &self,
        tenant: TenantId,
        projection: Option<&str>,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Position, ReadError> {
        if tenant == TenantId::PLATFORM {
            self.build::<PlatformEvent>(tenant, &chosen::<PlatformEvent>(projection)?, progress).await
        } else {
            self.build::<TenantEvent>(tenant, &chosen::<TenantEvent>(projection)?, progress).await
        }
    }

    pub(super) async fn build<E: Log>(
        &self,
        tenant: TenantId,
        projections: &[String],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Position, ReadError> {
        self.prepare::<E>(tenant, projections).await?;
        let head = head(&self.pool, tenant).await?;
        while !self.build_to::<E>((tenant, head), projections, progress).await? {}
        let at = self.switch::<E>(tenant, projections).await?.unwrap_or(head);
        let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
        patiently(&mut transaction).await?;
        for folder in folders::<E>(projections) {
            folder.table().sweep_out(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(at)
    }

    /// Builds on from where it stands, each stretch folded while the one before is written; false where another process has
    /// built on meanwhile.
    async fn build_to<E: Log>(
        &self,
        (tenant, head): (TenantId, Position),
        projections: &[String],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<bool, ReadError> {
        let building = {
            let mut transaction = TenantTx::begin(&self.pool, tenant).await?;
            checkpoint::locked(&mut transaction, Role::Building, projections).await?
        };
        // Nothing to build any more: another process has finished it.
        if building.is_empty() {
            return Ok(true);
        }
        progress(Progress { tenant, position: first(&building), head });
        let told = &mut |position: Position| progress(Progress { tenant, position, head });
        let mut site = Site::<E>::at(&self.pool, tenant, building, head);
        let mut writing = JoinSet::new();
        loop {
            let mut reading = TenantTx::begin(&self.pool, tenant).await?;
            let stretch = site.fold(&mut reading, told).await?;
            drop(reading);
            if let Some(written) = writing.join_next().await
                && matches!(written??, Built::Elsewhere)
            {
                return Ok(false);
            }
            let Some(stretch) = stretch else { return Ok(true) };
            writing.spawn(self.clone().write(tenant, projections.to_vec(), stretch));
        }
    }

    /// Writes a stretch: its rows and checkpoints in one transaction.
    async fn write(
        self,
        tenant: TenantId,
        projections: Vec<String>,
        stretch: Stretch,
    ) -> Result<Built, ReadError> {
        let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
        let building = checkpoint::locked(&mut transaction, Role::Building, &projections).await?;
        if building != stretch.from {
            return Ok(Built::Elsewhere);
        }
        for step in stretch.steps {
            step.write(&mut transaction).await?;
        }
        checkpoint::advance(&mut transaction, Role::Building, &projections, stretch.to).await?;
        transaction.commit().await?;
        Ok(Built::On)
    }

    /// Gives up what was begun for another version, removes rows that nothing names, and begins a generation each. All of it
    /// while what serves is locked, so that no two processes begin on each other's remains.
    async fn prepare<E: Log>(&self, tenant: TenantId, projections: &[String]) -> Result<(), ReadError> {
        let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
        patiently(&mut transaction).await?;
        lock_serving::<E>(&mut transaction).await?;
        for folder in folders::<E>(projections) {
            let name = folder.table().name();
            checkpoint::give_up_building(&mut transaction, name, folder.version()).await?;
            folder.table().sweep_out(&mut transaction).await?;
            checkpoint::begin_building(&mut transaction, name, folder.version()).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// While nobody can move what serves: folds the rest and lets the new generations serve. None where another process has
    /// done so already.
    async fn switch<E: Log>(
        &self,
        tenant: TenantId,
        projections: &[String],
    ) -> Result<Option<Position>, ReadError> {
        let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
        checkpoint::locked(&mut transaction, Role::Serving, projections).await?;
        let mut at = None;
        loop {
            let building = checkpoint::locked(&mut transaction, Role::Building, projections).await?;
            if building.is_empty() {
                return Ok(at);
            }
            let mut growing = Growing::<E>::all_of(&building);
            let done = advance(&mut transaction, (Role::Building, &building), &mut growing, CHUNK).await?;
            at = Some(done.to);
            if done.read < usize::try_from(CHUNK).unwrap_or(usize::MAX) {
                for built in building {
                    checkpoint::switch(&mut transaction, &built.projection).await?;
                }
                break;
            }
        }
        transaction.commit().await?;
        Ok(at)
    }
}

/// The names of a stream's projections.
pub(crate) fn names_of(tenant: TenantId) -> Vec<&'static str> {
    if tenant == TenantId::PLATFORM { names::<PlatformEvent>() } else { names::<TenantEvent>() }
}

fn names<E: Log>() -> Vec<&'static str> {
    E::folders().iter().map(|folder| folder.table().name()).collect()
}

/// Lets a statement last as long as a million rows take.
async fn patiently(transaction: &mut TenantTx) -> Result<(), sqlx::Error> {
    sqlx::query!("SET LOCAL statement_timeout = '1h'").execute(&mut **transaction).await.map(drop)
}

/// The projections of these names.
fn folders<E: Log>(names: &[String]) -> impl Iterator<Item = &'static dyn Folder<E>> + '_ {
    E::folders().iter().copied().filter(|folder| names.iter().any(|name| name == folder.table().name()))
}

/// The names that are meant: the given one, or all.
fn chosen<E: Log>(projection: Option<&str>) -> Result<Vec<String>, ReadError> {
    match projection {
        Some(name) => Ok(vec![folder_named::<E>(name)?.table().name().to_owned()]),
        None => Ok(names::<E>().into_iter().map(str::to_owned).collect()),
    }
}

/// The projection of that name over a log.
pub(crate) fn folder_named<E: Log>(name: &str) -> Result<&'static dyn Folder<E>, ReadError> {
    let found = E::folders().iter().find(|folder| folder.table().name() == name);
    let unknown = || ReadError::NoSuchProjection { name: name.to_owned(), known: names::<E>().join(", ") };
    found.copied().ok_or_else(unknown)
}
