//! The question why: the events that an explanation may hang on, read by the log's own indexes.

use draxis_domain::{KriId, Position, Sequence, TenantId};
use draxis_event_store::{
    OfAggregate, StoredEvent, TenantTx, find_run_start, head, read_aggregate, read_workflow_events,
};

use crate::error::ReadError;
use crate::explain::{Explaining, Explanation};
use crate::past::AsOf;
use crate::projection::recorded;
use crate::read_models::ReadModels;

/// How many events of the KRI are read at once.
const PAGE: u32 = 1_000;
/// How many events of workflows are looked at, at most.
const WORKFLOW_EVENTS: u32 = 5_000;

/// What says which KRI a workflow's trigger names, and whether it is in force.
const DEFINING: [&str; 6] = [
    "workflow.drafted",
    "workflow.edited",
    "workflow.restored",
    "workflow.activated",
    "workflow.paused",
    "workflow.archived",
];
/// What a breach set off, or did not.
const SET_OFF: [&str; 2] = ["workflow.run_started", "workflow.run_missed"];

impl ReadModels {
    /// Why a KRI's value and colour are what they are, or were; none where there was no such KRI.
    pub async fn explain_kri(
        &self,
        tenant: TenantId,
        kri: KriId,
        as_of: Option<AsOf>,
    ) -> Result<Option<Explanation>, ReadError> {
        let now = head(self.pool(), tenant).await?;
        if let Some(AsOf::Position(wanted)) = as_of
            && wanted > now
        {
            return Err(ReadError::Ahead { wanted, head: now });
        }
        let until = as_of.unwrap_or(AsOf::Position(now));
        let mut transaction = TenantTx::begin(self.pool(), tenant).await?;
        let mut explaining = Explaining::new(kri);
        let last = tell_kri(&mut transaction, kri, until, &mut explaining).await?;
        if let Some(run) = explaining.run() {
            let start = find_run_start(&mut transaction, &run.to_string(), last).await?;
            tell(&mut explaining, until, start)?;
        }
        if let Some(breach) = explaining.breach() {
            let until_position = if let AsOf::Position(position) = until { position } else { now };
            for (types, of) in [(&DEFINING[..], None), (&SET_OFF[..], Some(breach.to_string()))] {
                let types: Vec<String> = types.iter().map(|&name| name.to_owned()).collect();
                let (of, at) = (of.as_deref(), until_position);
                let found = read_workflow_events(&mut transaction, &types, of, at, WORKFLOW_EVENTS).await?;
                tell(&mut explaining, until, found)?;
            }
        }
        let as_of = if let AsOf::Time(time) = until { Some(time) } else { None };
        Ok(explaining.explained().map(|explanation| Explanation { as_of, ..explanation }))
    }
}

/// Tells the KRI's own events; answers with the place after the last of them.
async fn tell_kri(
    transaction: &mut TenantTx,
    kri: KriId,
    until: AsOf,
    explaining: &mut Explaining,
) -> Result<Position, ReadError> {
    let of = OfAggregate::new("kri", kri.to_string());
    let (mut after, mut at) = (Sequence::START, Position::START);
    loop {
        let page = read_aggregate(transaction, &of, after, PAGE).await?;
        let full = page.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        let Some(last) = page.last().map(|event| event.sequence) else { return Ok(at) };
        let ended = page.iter().any(|event| !until.admits(&event.borrowed()));
        at = page
            .iter()
            .filter(|event| until.admits(&event.borrowed()))
            .map(|event| event.position.next())
            .max()
            .unwrap_or(at);
        tell(explaining, until, page)?;
        if ended || !full {
            return Ok(at);
        }
        after = last;
    }
}

fn tell(
    explaining: &mut Explaining,
    until: AsOf,
    stored: impl IntoIterator<Item = StoredEvent>,
) -> Result<(), ReadError> {
    for event in stored.into_iter().filter(|event| until.admits(&event.borrowed())) {
        explaining.tell(&recorded(&event)?);
    }
    Ok(())
}
