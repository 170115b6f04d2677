//! Telling workflows of a breach: who may have to hear of it is looked up, what comes of it each decides by its own rule.

use draxis_commands::workflow::{SeenWorkflow, TriggeredBreach};
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::kri::{Episode, Kri, KriEvent, KriState};
use draxis_domain::workflow::{BreachReached, KriBreach, OnActivate, Standing, Trigger};
use draxis_domain::workflow_run::ChainLink;
use draxis_domain::{
    Actor, BreachId, KriId, Position, Quantity, Sequence, TenantEvent, WorkflowId, WorkflowRunId,
};
use draxis_event_store::{OfAggregate, StoredEvent, TenantTx, read_aggregate_back, timer_memos};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::timer::TimerKind;
use crate::timer::duty::Duty;
use crate::timer::fold::{Memo, Reached, Told};
use crate::timer::folding::told;

/// How many workflows are loaded at once.
const AT_ONCE: usize = 4;
/// The events by which a breach reaches a level.
pub(in crate::timer) const LEVELS: [&str; 2] = ["breach.opened", "breach.raised"];
/// The events that say what a KRI's value is.
const VALUES: [&str; 3] = ["kri.value_recorded", "kri.value_adjusted", "kri.value_corrected"];

impl Duty<'_> {
    /// Tells the workflows whose trigger names the KRI what its breaches have come to. One that refuses keeps no other from
    /// hearing of it.
    pub(super) async fn tell_of_breaches(&self, id: KriId, memo: &Memo) -> Result<(), CommandError> {
        let Memo::Reactions(reactions) = memo else { return Ok(()) };
        self.timers.0.reflexes.ended(self.tenant).await;
        let (Some(last), subject) = (reactions.latest.back(), id.to_string()) else { return Ok(()) };
        let kri = self.commands().load_reached::<Kri>(self.tenant, &subject, last.sequence);
        let since = async { Ok(self.commands().log().reached(self.tenant).await?) };
        let (kri, since, triggers) = tokio::try_join!(kri, since, self.triggers())?;
        self.timers.0.reflexes.note(self.tenant, triggers.clone());
        let Kri::Present(kri) = kri else { return Ok(()) };
        let named = triggers.into_iter().filter(|(_, asked)| asked.kri.names(kri.id, &kri.body.slug));
        let workflows = named.map(|(id, _)| id).collect::<Vec<_>>();
        if workflows.is_empty() {
            return Ok(());
        }
        // What was reached last is what they have most likely not heard of.
        let (workflows, latest) = tokio::try_join!(self.see(workflows, since), self.triggered(&kri, last))?;
        let mut failed = Ok(());
        for reached in &reactions.latest {
            // What comes again with what follows it, most have heard.
            let (kri_named, level) = ((id, &kri.body.slug), (reached.breach_id, reached.level));
            let heard = |seen: &SeenWorkflow| {
                seen.workflow.state().is_some_and(|state| state.remembers(kri_named, level))
            };
            let news: Vec<_> = workflows.iter().filter(|seen| !heard(seen)).collect();
            if news.is_empty() {
                continue;
            }
            let breach = if reached == last { latest.clone() } else { self.triggered(&kri, reached).await? };
            for seen in news {
                match self.tell(seen.clone(), reached, &breach).await {
                    Ok(()) | Err(CommandError::Rejected(_)) => {}
                    Err(error) => failed = Err(error),
                }
            }
        }
        failed
    }

    async fn see(
        &self,
        workflows: Vec<WorkflowId>,
        since: Position,
    ) -> Result<Vec<SeenWorkflow>, CommandError> {
        let seen = stream::iter(workflows)
            .map(async |id| self.commands().see_workflow_since(self.tenant, (id, since)).await);
        seen.buffered(AT_ONCE).try_collect().await
    }

    /// The workflows that a breach sets off, as the fold that made this due knows them: it has seen all that was recorded before.
    async fn triggers(&self) -> Result<Vec<(WorkflowId, KriBreach)>, CommandError> {
        let kind = TimerKind::WorkflowDue.name();
        let mut workflows = Vec::new();
        for (workflow, memo) in timer_memos(&self.commands().pools().app, self.tenant, kind).await? {
            let memo = serde_json::from_str(&memo).map_err(CommandError::failed)?;
            let Memo::Trigger(standing) = memo else { continue };
            let Trigger::KriBreach(asked) = standing.trigger() else { continue };
            workflows.push((super::id(&workflow)?, asked.clone()));
        }
        Ok(workflows)
    }

    /// Tells a workflow whose trigger has come into force of the breach that was open before, where it counts that.
    pub(super) async fn look_for_open_breach(&self, id: WorkflowId) -> Result<(), CommandError> {
        let seen = self.commands().see_workflow(self.tenant, id).await?;
        let Some(state) = seen.workflow.state().filter(|state| state.standing == Standing::Active) else {
            return Ok(());
        };
        let asked = match &state.definition.trigger {
            Trigger::KriBreach(asked) if asked.on_activate == OnActivate::OpenBreach => asked,
            Trigger::KriBreach(_) | Trigger::Schedule(_) | Trigger::Manual(_) => return Ok(()),
        };
        let Some(kri_id) = self.commands().find_kri(self.tenant, &asked.kri).await? else { return Ok(()) };
        let kri = self.commands().load::<Kri>(self.tenant, &kri_id.to_string()).await?;
        let Some(kri) = kri.in_use() else { return Ok(()) };
        let Some(open) = &kri.episodes.open else { return Ok(()) };
        let Some(reached) = self.reached(kri.id, open).await? else { return Ok(()) };
        let breach = self.triggered(kri, &reached).await?;
        self.tell(seen, &reached, &breach).await
    }

    async fn tell(
        &self,
        seen: SeenWorkflow,
        reached: &Reached,
        breach: &TriggeredBreach,
    ) -> Result<(), CommandError> {
        self.commands().tell_workflow(&self.reacting_to(reached), seen, breach).await
    }

    /// As whom workflows are told of a breach, and because of what.
    pub(in crate::timer) fn reacting_to(&self, reached: &Reached) -> Context {
        Context {
            causation: Some(reached.event_id),
            correlation: reached.correlation.clone(),
            depth: reached.depth.next(),
            ..Context::of(Caller::runner(self.tenant))
        }
    }

    /// The open breach at the level that it is at now.
    async fn reached(&self, kri: KriId, open: &Episode) -> Result<Option<Reached>, CommandError> {
        let last = self.before(kri, &LEVELS, Sequence::new(u64::MAX), 1).await?;
        let reached = last.first().and_then(Reached::by).filter(|reached| reached.breach_id == open.id);
        Ok(reached.map(|reached| Reached { level: open.level, ..reached }))
    }

    /// A breach as workflows are told of it.
    pub(in crate::timer) async fn triggered(
        &self,
        kri: &KriState,
        reached: &Reached,
    ) -> Result<TriggeredBreach, CommandError> {
        let open = kri.episodes.open.as_ref().filter(|open| open.id == reached.breach_id);
        let opened_at = match open {
            Some(open) => open.opened_at,
            None => self.opening(kri.id, reached).await?.map_or(reached.at, |opening| opening.at),
        };
        Ok(TriggeredBreach {
            open: open.is_some(),
            chain: self.chain(reached.actor).await?,
            reached: BreachReached {
                kri: kri.id,
                slug: kri.body.slug.clone(),
                breach_id: reached.breach_id,
                level: reached.level,
                opened_at,
                reached_at: reached.at,
                value: Some(reached.value),
                previous_value: self.value_before(kri, reached.sequence).await?,
            },
        })
    }

    /// The opening of a breach that has closed meanwhile.
    async fn opening(&self, kri: KriId, reached: &Reached) -> Result<Option<Reached>, CommandError> {
        let of: BreachId = reached.breach_id;
        let until = Sequence::new(reached.sequence.get().saturating_add(1));
        let openings = self.before(kri, &["breach.opened"], until, 1).await?;
        Ok(openings.first().and_then(Reached::by).filter(|opening| opening.breach_id == of))
    }

    /// The value that the KRI had before the one that brought a breach to a level.
    async fn value_before(&self, kri: &KriState, breach: Sequence) -> Result<Option<Quantity>, CommandError> {
        if let Some(before) = kri.told.before(breach) {
            return Ok(before);
        }
        let values = self.before(kri.id, &VALUES, breach, 2).await?;
        Ok(values.get(1).and_then(|told| value(&told.event)))
    }

    /// Events of a KRI before a place in it, newest first.
    async fn before(
        &self,
        kri: KriId,
        types: &[&str],
        before: Sequence,
        most: u32,
    ) -> Result<Vec<Told>, CommandError> {
        let of = OfAggregate::new("kri", kri.to_string()).only(types);
        let stored: Vec<StoredEvent> = {
            let mut transaction = TenantTx::begin(&self.commands().pools().app, self.tenant).await?;
            read_aggregate_back(&mut transaction, &of, before, most).await?
        };
        stored.iter().map(told).collect::<Result<_, _>>().map_err(CommandError::failed)
    }

    /// The runs that led to what somebody did.
    async fn chain(&self, actor: Actor) -> Result<Vec<ChainLink>, CommandError> {
        match actor {
            Actor::WorkflowRun(run) => {
                self.commands().chain_of_run(self.tenant, WorkflowRunId::new(run)).await
            }
            Actor::Account(_) | Actor::ApiToken(_) | Actor::Runner | Actor::Public => Ok(Vec::new()),
        }
    }
}

fn value(event: &TenantEvent) -> Option<Quantity> {
    let TenantEvent::Kri(event) = event else { return None };
    if let KriEvent::ValueRecorded(recorded) = event {
        recorded.standing.value
    } else if let KriEvent::ValueAdjusted(adjusted) = event {
        adjusted.standing.value
    } else if let KriEvent::ValueCorrected(corrected) = event {
        corrected.standing.value
    } else {
        None
    }
}
