//! Building anew: a generation grows beside the one that serves, and takes its place in one step (design.md section 4).

mod ahead;

use draxis_domain::{PlatformEvent, Position, TenantEvent, TenantId};
use draxis_event_store::{TenantTx, head};

use crate::error::ReadError;
use crate::live::advance::{Growing, advance};
use crate::live::catch_up::lock_serving;
use crate::live::rebuild::ahead::Ahead;
use crate::live::{CHUNK, Live};
use crate::projection::Log;
use crate::store::{Folder, Role, checkpoint};

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

/// What is being built: the events on their way, and the rows at hand.
struct Site<E> {
    ahead: Ahead<E>,
    growing: Vec<Growing<E>>,
}

impl<E> Site<E> {
    /// No rows at hand yet.
    const fn at(ahead: Ahead<E>) -> Self {
        Self { ahead, growing: Vec::new() }
    }
}

/// What came of an attempt to build on.
enum Built {
    /// It has reached that position.
    To(Position),
    /// It stands there, by another process' doing.
    Elsewhere(Position),
    /// There is nothing to build any more.
    Nothing,
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
        let mut at = self.stands(tenant, projections).await?;
        progress(Progress { tenant, position: at, head });
        let mut site = Site::<E>::at(Ahead::of(&self.pool, tenant, at, head));
        while at < head {
            let told = &mut |position: Position| progress(Progress { tenant, position, head });
            match self.build_on(tenant, projections, &mut site, told).await? {
                Built::To(position) => at = position,
                // Another process builds as well: on from where it is now.
                Built::Elsewhere(position) => {
                    at = position;
                    site = Site::at(Ahead::of(&self.pool, tenant, at, head));
                }
                Built::Nothing => break,
            }
        }
        let at = self.switch::<E>(tenant, projections).await?.unwrap_or(at);
        let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
        patiently(&mut transaction).await?;
        for folder in folders::<E>(projections) {
            folder.table().sweep_out(&mut transaction).await?;
        }
        transaction.commit().await?;
        Ok(at)
    }

    /// Where what is being built stands; at the beginning where another process has finished it.
    async fn stands(&self, tenant: TenantId, projections: &[String]) -> Result<Position, ReadError> {
        let mut transaction = TenantTx::begin(&self.pool, tenant).await?;
        let building = checkpoint::locked(&mut transaction, Role::Building, projections).await?;
        Ok(building.iter().map(|building| building.position).min().unwrap_or_default())
    }

    /// One stretch of a rebuild: its rows and checkpoints in one transaction.
    async fn build_on<E: Log>(
        &self,
        tenant: TenantId,
        projections: &[String],
        site: &mut Site<E>,
        told: &mut (dyn FnMut(Position) + Send),
    ) -> Result<Built, ReadError> {
        let mut transaction = TenantTx::begin_rebuildable(&self.pool, tenant).await?;
        let building = checkpoint::locked(&mut transaction, Role::Building, projections).await?;
        let Some(from) = building.iter().map(|building| building.position).min() else {
            return Ok(Built::Nothing);
        };
        let Site { ahead, growing } = site;
        if from != ahead.position() {
            return Ok(Built::Elsewhere(from));
        }
        // What is at hand is of these very checkpoints, or is not there yet.
        if !Growing::stand_at(growing, &building) {
            *growing = Growing::all_of(&building);
        }
        while ahead.position().get().saturating_sub(from.get()) < STRETCH {
            let Some(events) = ahead.next().await? else { break };
            let Some(last) = events.last() else { continue };
            for one in &mut *growing {
                one.fold(&mut transaction, &events).await?;
                if one.is_due() {
                    one.write(&mut transaction).await?;
                    one.keep_snapshot(&mut transaction, last).await?;
                }
            }
            told(last.position);
        }
        for one in growing {
            one.write(&mut transaction).await?;
        }
        checkpoint::advance(&mut transaction, Role::Building, projections, ahead.position()).await?;
        transaction.commit().await?;
        Ok(Built::To(ahead.position()))
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
