//! Correcting a past reading: one that the state keeps by the state, any older one by what the log says of it.

use draxis_domain::kri::{CorrectionBody, Kri, KriCommand, KriEvent, KriState, PastReading};
use draxis_domain::{EventSet, KriId, Quantity, Rejection, Sequence, TenantId};
use draxis_event_store::{
    Committed, OfAggregate, StoredEvent, TenantTx, read_aggregate, read_aggregate_back,
};

use crate::CommandError;
use crate::execution::{Commands, Context};

/// How often the log is asked again where the KRI moved on meanwhile.
const ATTEMPTS: usize = 16;
/// How many corrections are read at once.
const PAGE: u32 = 500;

impl Commands {
    /// Corrects or withdraws the reading that the KRI's event at that place recorded.
    pub async fn correct_value(
        &self,
        context: &Context,
        (id, reading): (KriId, Sequence),
        body: CorrectionBody,
    ) -> Result<Committed, CommandError> {
        let context = context.clone().because(Some(body.reason));
        for _ in 0..ATTEMPTS {
            let past = self.past_reading(context.caller.tenant()?, id, reading).await?;
            let command = KriCommand::Correct { reading, past, to: body.value };
            match self.change_kri(&context, id, command).await {
                Err(CommandError::Rejected(Rejection::Conflict { code, .. }))
                    if code == KriState::MOVED_ON => {}
                done => return done,
            }
        }
        Err(CommandError::Contended)
    }

    /// What the log says of a reading that the KRI's state no longer keeps; none where it does, or where there is none.
    async fn past_reading(
        &self,
        tenant: TenantId,
        id: KriId,
        reading: Sequence,
    ) -> Result<Option<PastReading>, CommandError> {
        let kri = self.load::<Kri>(tenant, &id.to_string()).await?;
        if kri.in_use().is_none_or(|kri| kri.window.keeps(reading)) {
            return Ok(None);
        }
        let of = OfAggregate::new("kri", id.to_string());
        let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
        let newest = read_aggregate_back(&mut transaction, &of, Sequence::new(u64::MAX), 1).await?;
        let before = Sequence::new(reading.get().saturating_sub(1));
        let stored = read_aggregate(&mut transaction, &of, before, 1).await?;
        let Some(KriEvent::ValueRecorded(recorded)) = stored.first().map(decoded).transpose()? else {
            return Ok(None);
        };
        let mut past = PastReading {
            observed_at: recorded.observed_at,
            stands: Some(recorded.value),
            seen: newest.first().map(|event| event.sequence).unwrap_or_default(),
        };
        if let Some(corrected) = corrected(&mut transaction, of, reading).await? {
            past.stands = corrected;
        }
        Ok(Some(past))
    }
}

/// What the last correction of a reading made of it; none where it was never corrected.
async fn corrected(
    transaction: &mut TenantTx,
    of: OfAggregate,
    reading: Sequence,
) -> Result<Option<Option<Quantity>>, CommandError> {
    let of = of.only(&["kri.value_corrected"]);
    let mut before = Sequence::new(u64::MAX);
    loop {
        let page = read_aggregate_back(transaction, &of, before, PAGE).await?;
        for stored in &page {
            before = stored.sequence;
            if let KriEvent::ValueCorrected(corrected) = decoded(stored)?
                && corrected.reading == reading
            {
                return Ok(Some(corrected.value));
            }
        }
        if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(None);
        }
    }
}

fn decoded(stored: &StoredEvent) -> Result<KriEvent, CommandError> {
    KriEvent::decode(&stored.event_type, stored.version, &stored.payload).map_err(CommandError::failed)
}
