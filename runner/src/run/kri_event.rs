//! KRI events: what a step emits is applied to each KRI once, however often it is asked for (hazards H12).

use chrono::{DateTime, Utc};
use draxis_commands::{CommandError, Context};
use draxis_domain::kri::{Adjustment, KriCommand};
use draxis_domain::workflow::{KriRef, PinnedKriEvent, RunTrigger, Step};
use draxis_domain::workflow_run::RunState;
use draxis_domain::{EventId, KriId};
use serde_json::{Value, json};

use crate::run::drive::Worker;
use crate::run::house::{Undone, setback};

/// The place, among a step's changes, of what closes the breach: after any effect there can be.
const CLOSING: usize = usize::MAX;

impl Worker<'_> {
    /// Applies a declared event: as of when the step began, whenever it gets there.
    pub(super) async fn emit(
        &self,
        state: &RunState,
        (step, pinned): (&Step, &PinnedKriEvent),
        at: DateTime<Utc>,
    ) -> Result<Value, Undone> {
        let name = |index| EventId::of_kri_change(self.id(), &step.frame.id, index);
        for (index, effect) in pinned.definition.effects.iter().enumerate() {
            let kri = self.kri(&effect.kri).await?;
            let adjustment = Adjustment { id: name(index), change: effect.change(), effective_at: at };
            self.change(kri, KriCommand::Adjust(adjustment)).await?;
        }
        if let (true, RunTrigger::KriBreach(breach)) = (pinned.definition.close_breach, &state.begun.trigger)
        {
            let close = KriCommand::CloseBreach { event_id: name(CLOSING), effective_at: at };
            self.change(breach.kri, close).await?;
        }
        Ok(json!({ "eventType": pinned.definition.event_type, "eventId": name(0), "at": at }))
    }

    async fn kri(&self, named: &KriRef) -> Result<KriId, Undone> {
        let found = self.runs.0.commands.find_kri(self.claimed.tenant, named).await?;
        found.ok_or_else(|| {
            let detail = format!("there is no KRI {named} in use any more");
            Undone::Setback(setback("kri_event.kri_gone", detail))
        })
    }

    async fn change(&self, kri: KriId, command: KriCommand) -> Result<(), CommandError> {
        let context: &Context = &self.holder.context;
        let changed = self.runs.0.commands.change_kri(context, kri, command).await.map(|_| ());
        self.seen.forget();
        changed
    }
}
