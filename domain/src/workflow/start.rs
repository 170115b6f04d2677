//! Starting runs: by breach, by button and by time, each cause once, and only while the workflow is active.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, Value};

use crate::kri::Level;
use crate::workflow::due::{next_due, schedule_of};
use crate::workflow::event::{
    MissedTimes, MissedWhat, MissedWhy, WorkflowEvent, WorkflowRunEnded, WorkflowRunMissed,
    WorkflowRunRequested, WorkflowRunStarted,
};
use crate::workflow::rule::{Standing, WorkflowState};
use crate::workflow::run::{BreachReached, PinnedKriEvent, RunKey, RunTrigger};
use crate::workflow::{Calendar, Definition, KriBreach, Missed, OnActivate, Overlap, Schedule, Trigger};
use crate::workflow_run::ChainLink;
use crate::{BreachId, KriId, KriSlug, Rejection, Violation, WorkflowRunId};

/// How late a due time may be served and still count as on time (decided): for a trigger that lets missed times go.
const ON_TIME: Duration = Duration::minutes(5);

/// So many runs may lead to each other by the breaches that they bring about (hazards H11).
const LONGEST_CHAIN: usize = 5;

/// A breach as a workflow is told of it.
#[derive(Debug, Clone)]
pub(super) struct ToldBreach {
    /// Which, and which level.
    pub(super) reached: BreachReached,
    /// Whether it is still open.
    pub(super) open: bool,
    /// The runs that led to it.
    pub(super) chain: Vec<ChainLink>,
}

impl WorkflowState {
    /// A breach has reached a level. What is not for this workflow is nothing, and no error: the trigger may have been
    /// changed since whoever asks looked.
    pub(super) fn breached(
        &self,
        told: ToldBreach,
        kri_events: Vec<PinnedKriEvent>,
    ) -> Result<Vec<WorkflowEvent>, Rejection> {
        let breach = &told.reached;
        let Some((asked, key)) = self.asks_for(breach) else { return Ok(Vec::new()) };
        if self.started.contains(&WorkflowRunId::of(self.id, &key)) {
            return Ok(Vec::new());
        }
        self.must_live()?;
        let missed_before = self.missed.contains(&breach.breach_id);
        match self.standing {
            Standing::Draft | Standing::Archived => Ok(Vec::new()),
            Standing::Paused if missed_before || breach.reached_at < self.served_until => Ok(Vec::new()),
            Standing::Paused => Ok(vec![missed_breach(MissedWhy::Paused, told.reached)]),
            Standing::Active if self.came_before(asked, &told) => Ok(Vec::new()),
            Standing::Active => match self.linked(&told) {
                Some(chain) => {
                    let started = self.start_of(&key, RunTrigger::KriBreach(told.reached), kri_events);
                    Ok(vec![WorkflowEvent::RunStarted(WorkflowRunStarted { chain, ..started })])
                }
                None if missed_before => Ok(Vec::new()),
                None => Ok(vec![missed_breach(MissedWhy::Loop, told.reached)]),
            },
        }
    }

    /// The run that this breach starts, or has started; none where it is not for this workflow.
    pub fn run_on(&self, breach: &BreachReached) -> Option<WorkflowRunId> {
        self.asks_for(breach).map(|(_, key)| WorkflowRunId::of(self.id, &key))
    }

    /// Whether this level of a breach has started a run, as far as the workflow remembers: what need not be told again.
    pub fn remembers(&self, kri: (KriId, &KriSlug), reached: (BreachId, Level)) -> bool {
        let asked = self.asks_for_level(kri, reached);
        asked.is_some_and(|(_, key)| self.started.contains(&WorkflowRunId::of(self.id, &key)))
    }

    fn asks_for(&self, breach: &BreachReached) -> Option<(&KriBreach, RunKey)> {
        self.asks_for_level((breach.kri, &breach.slug), (breach.breach_id, breach.level))
    }

    fn asks_for_level(
        &self,
        (kri, slug): (KriId, &KriSlug),
        (breach, level): (BreachId, Level),
    ) -> Option<(&KriBreach, RunKey)> {
        let Trigger::KriBreach(asked) = &self.definition.trigger else { return None };
        let meant = asked.kri.names(kri, slug) && level >= asked.level;
        meant.then_some((asked, RunKey::Breach(kri, breach, asked.level)))
    }

    /// Whether the breach is from before the trigger came into force, by activation or by an edit. Such a one counts only
    /// where the trigger says so, and while it lasts (hazards H13).
    fn came_before(&self, asked: &KriBreach, told: &ToldBreach) -> bool {
        let counts = asked.on_activate == OnActivate::OpenBreach && told.open;
        told.reached.reached_at < self.served_until && !counts
    }

    /// The chain of runs with this workflow's at its end; none where it would close a circle or grow too long.
    fn linked(&self, told: &ToldBreach) -> Option<Vec<ChainLink>> {
        let link = ChainLink { workflow_id: self.id, kri_id: told.reached.kri };
        let mut chain = told.chain.clone();
        if chain.len() >= LONGEST_CHAIN || chain.contains(&link) {
            return None;
        }
        chain.push(link);
        Some(chain)
    }

    /// Somebody presses the button. Whatever the trigger, a person may start a run by hand; only a manual trigger asks
    /// for inputs (decided).
    pub(super) fn run(
        &self,
        key: String,
        inputs: &Map<String, Value>,
        kri_events: Vec<PinnedKriEvent>,
    ) -> Result<Vec<WorkflowEvent>, Rejection> {
        let key = RunKey::Manual(key);
        if self.started.contains(&WorkflowRunId::of(self.id, &key)) {
            return Ok(Vec::new());
        }
        self.must_live()?;
        match self.standing {
            Standing::Active | Standing::Archived => {}
            Standing::Draft => {
                let detail = "the workflow is a draft; activate it to run it";
                return Err(Rejection::conflict("workflow.draft", detail));
            }
            Standing::Paused => {
                let detail = "the workflow is paused; activate it to run it";
                return Err(Rejection::conflict("workflow.paused", detail));
            }
        }
        let inputs = filled_in(&self.definition, inputs)?;
        Ok(vec![self.started_by(&key, RunTrigger::Manual { inputs }, kri_events)])
    }

    /// Serves whatever is due.
    pub(super) fn tick(&self, now: DateTime<Utc>, kri_events: &[PinnedKriEvent]) -> Vec<WorkflowEvent> {
        if self.standing != Standing::Active {
            return Vec::new();
        }
        let Some((schedule, calendar)) = self.schedule() else { return Vec::new() };
        let at_most = match schedule.missed {
            Missed::Latest | Missed::None => 1,
            Missed::All { up_to } => usize::try_from(up_to).unwrap_or(usize::MAX),
        };
        let mut due = calendar.latest(self.served_until, now, at_most);
        if schedule.missed == Missed::None {
            due.retain(|due| now - *due <= ON_TIME);
        }
        let before = due.first().map_or(now, |first| *first - Duration::microseconds(1));
        let late =
            missed_times(&calendar, self.served_until, before).map(|times| missed(MissedWhy::Late, times));
        late.into_iter().chain(self.start_due(schedule.overlap, &due, kri_events)).collect()
    }

    /// Starts a run for each due time, as far as the runs under way allow.
    fn start_due(
        &self,
        overlap: Overlap,
        due: &[DateTime<Utc>],
        kri_events: &[PinnedKriEvent],
    ) -> Vec<WorkflowEvent> {
        let (mut busy, mut waiting) = (!self.running.is_empty(), self.waiting.is_some());
        let mut events = Vec::new();
        for due_at in due.iter().copied() {
            let free = overlap == Overlap::Allow || !(busy || waiting);
            events.push(if free {
                busy = true;
                self.started_by(
                    &RunKey::Schedule(due_at),
                    RunTrigger::Schedule { due_at },
                    kri_events.to_vec(),
                )
            } else if overlap == Overlap::QueueOne && !waiting {
                waiting = true;
                WorkflowEvent::RunRequested(WorkflowRunRequested { due_at })
            } else {
                missed(MissedWhy::Overlap, one_time(due_at))
            });
        }
        events
    }

    /// A run is over: the due time that waited for it has its turn, once nothing else is in its way.
    pub(super) fn end_run(
        &self,
        run_id: WorkflowRunId,
        kri_events: Vec<PinnedKriEvent>,
    ) -> Vec<WorkflowEvent> {
        if !self.running.contains(&run_id) {
            return Vec::new();
        }
        let mut events = vec![WorkflowEvent::RunEnded(WorkflowRunEnded { run_id })];
        let mut others = self.running.clone();
        others.forget(&run_id);
        if let Some(due_at) = self.waiting.filter(|_| others.is_empty()) {
            match self.standing {
                Standing::Active if self.is_scheduled() => {
                    let trigger = RunTrigger::Schedule { due_at };
                    events.push(self.started_by(&RunKey::Schedule(due_at), trigger, kri_events));
                }
                Standing::Active => events.extend(self.give_up_waiting(MissedWhy::Edited)),
                Standing::Paused => events.extend(self.give_up_waiting(MissedWhy::Paused)),
                Standing::Draft | Standing::Archived => {
                    events.extend(self.give_up_waiting(MissedWhy::Archived));
                }
            }
        }
        events
    }

    fn started_by(
        &self,
        key: &RunKey,
        trigger: RunTrigger,
        kri_events: Vec<PinnedKriEvent>,
    ) -> WorkflowEvent {
        WorkflowEvent::RunStarted(self.start_of(key, trigger, kri_events))
    }

    fn start_of(
        &self,
        key: &RunKey,
        trigger: RunTrigger,
        kri_events: Vec<PinnedKriEvent>,
    ) -> WorkflowRunStarted {
        WorkflowRunStarted {
            run_id: WorkflowRunId::of(self.id, key),
            key: key.to_string(),
            trigger,
            version: self.version,
            definition: Box::new(self.definition.clone()),
            kri_events,
            chain: Vec::new(),
        }
    }

    pub(super) const fn is_scheduled(&self) -> bool {
        matches!(self.definition.trigger, Trigger::Schedule(_))
    }

    /// The next time at which [`WorkflowCommand::Tick`](crate::workflow::WorkflowCommand::Tick) has something to serve; it
    /// may lie in the past.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        next_due(&self.definition.trigger, self.standing, self.served_until)
    }

    fn schedule(&self) -> Option<(&Schedule, Calendar)> {
        schedule_of(&self.definition.trigger)
    }

    /// Before the trigger changes, the old one's due times that nobody has served yet are settled: from now on the new
    /// trigger says what starts a run.
    pub(super) fn settle_before(&self, next: &Definition, now: DateTime<Utc>) -> Vec<WorkflowEvent> {
        if next.trigger == self.definition.trigger { Vec::new() } else { self.settle(now, MissedWhy::Edited) }
    }

    /// Due times that nobody will serve any more, as one event that lists them (hazards H13). Those of a paused workflow
    /// were missed for that reason, whatever ends the pause.
    pub(super) fn settle(&self, now: DateTime<Utc>, why: MissedWhy) -> Vec<WorkflowEvent> {
        let why = match self.standing {
            Standing::Draft | Standing::Archived => return Vec::new(),
            Standing::Active => why,
            Standing::Paused => MissedWhy::Paused,
        };
        let Some((_, calendar)) = self.schedule() else { return Vec::new() };
        missed_times(&calendar, self.served_until, now).map(|times| missed(why, times)).into_iter().collect()
    }

    /// The due time that waited will not be run.
    pub(super) fn give_up_waiting(&self, why: MissedWhy) -> Option<WorkflowEvent> {
        self.waiting.map(|due_at| missed(why, one_time(due_at)))
    }
}

fn missed_breach(why: MissedWhy, breach: BreachReached) -> WorkflowEvent {
    WorkflowEvent::RunMissed(WorkflowRunMissed { why, what: MissedWhat::KriBreach(breach) })
}

fn missed(why: MissedWhy, times: MissedTimes) -> WorkflowEvent {
    WorkflowEvent::RunMissed(WorkflowRunMissed { why, what: MissedWhat::Schedule(times) })
}

fn one_time(due_at: DateTime<Utc>) -> MissedTimes {
    MissedTimes { first: due_at, last: due_at, count: 1, listed: vec![due_at] }
}

/// The due times in `(after, until]`, counted as far as they are counted.
fn missed_times(calendar: &Calendar, after: DateTime<Utc>, until: DateTime<Utc>) -> Option<MissedTimes> {
    let first = calendar.between(after, until).next()?;
    let listed = calendar.latest(after, until, MissedTimes::LISTED);
    let count = calendar.between(after, until).take(MissedTimes::COUNTED).count();
    Some(MissedTimes { first, last: *listed.last()?, count: u64::try_from(count).ok()?, listed })
}

/// The inputs that a run sees: what was given, checked, and defaults for the rest.
fn filled_in(definition: &Definition, given: &Map<String, Value>) -> Result<Map<String, Value>, Rejection> {
    let asked = match &definition.trigger {
        Trigger::Manual(manual) => manual.inputs.as_slice(),
        Trigger::KriBreach(_) | Trigger::Schedule(_) => &[],
    };
    let (mut inputs, mut violations) = (Map::new(), Vec::new());
    let mut refuse = |name: &str, detail: String| {
        let name = name.replace('~', "~0").replace('/', "~1");
        violations.push(Violation { pointer: format!("/inputs/{name}"), detail });
    };
    for input in asked {
        match given.get(&input.name).or(input.default.as_ref()) {
            Some(value) if input.accepts(value) => drop(inputs.insert(input.name.clone(), value.clone())),
            Some(_) => refuse(&input.name, format!("must be {}", input.wanted())),
            None if input.required => {
                refuse(&input.name, format!("must be given, and be {}", input.wanted()));
            }
            None => {}
        }
    }
    for name in given.keys().filter(|name| !asked.iter().any(|input| input.name == **name)) {
        refuse(name, "is not asked for by this workflow; leave it out".to_owned());
    }
    if violations.is_empty() {
        Ok(inputs)
    } else {
        Err(Rejection::Invalid { code: "workflow.inputs", violations })
    }
}

#[cfg(test)]
mod tests;
