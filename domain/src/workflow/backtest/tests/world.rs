//! A world for backtests: a tenant with one KRI and one workflow, played by the rules themselves, and its stream.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Map, json};

use crate::kri::{Direction, Kri, KriBody, KriCommand, KriEvent, NewReading};
use crate::workflow::backtest::{Backtest, Backtested, Tried, WhatIf, own_time};
use crate::workflow::run::BreachReached;
use crate::workflow::{
    Definition, Provenance, TenantFacts, Workflow, WorkflowCommand, WorkflowEvent, definition_at,
};
use crate::{
    Actor, EventId, KriId, KriSlug, Metadata, Moment, Position, Quantity, Recorded, Root, Sequence,
    TenantEvent, WorkflowId, WorkflowRunId,
};

pub(super) fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::minutes(minute)
}

pub(super) fn kri_id() -> KriId {
    KriId::from(uuid::Uuid::from_u128(7))
}

pub(super) fn workflow_id() -> WorkflowId {
    WorkflowId::from(uuid::Uuid::from_u128(9))
}

/// A tenant with one KRI and one workflow, played by the rules, and its stream.
pub(super) struct World {
    kri: Kri,
    pub(super) workflow: Workflow,
    stream: Vec<Recorded<TenantEvent>>,
    pub(super) now: i64,
    /// What the workflow may be edited to.
    pub(super) definitions: Vec<Definition>,
    /// Breaches that the follower has not told the workflow of yet.
    pub(super) untold: Vec<BreachReached>,
    presses: u32,
    /// The open breach as it was told of last.
    open: Option<BreachReached>,
}

impl World {
    pub(super) fn of(definition: Definition) -> Self {
        let body: KriBody = serde_json::from_value(json!({"slug": "cves", "name": "CVEs", "unit": "count",
            "direction": Direction::HigherIsWorse, "warn": 10, "critical": 20}))
        .unwrap();
        let mut world = Self {
            kri: Kri::default(),
            workflow: Workflow::default(),
            stream: Vec::new(),
            now: 0,
            definitions: vec![definition.clone()],
            untold: Vec::new(),
            presses: 0,
            open: None,
        };
        world.kri(KriCommand::Define { id: kri_id(), body: Box::new(body), schedule: None });
        let definition = Box::new(definition);
        let draft = WorkflowCommand::Draft { id: workflow_id(), definition, provenance: Provenance::Written };
        world.workflow(draft);
        world
    }

    fn record(&mut self, event: TenantEvent, aggregate_id: String) {
        let position = u64::try_from(self.stream.len()).unwrap() + 1;
        let of_same = self.stream.iter().filter(|told| told.aggregate_id == aggregate_id).count();
        self.stream.push(Recorded {
            position: Position::new(position),
            event_id: EventId::from(uuid::Uuid::from_u128(position.into())),
            aggregate_id,
            sequence: Sequence::new(u64::try_from(of_same).unwrap() + 1),
            // Recorded a little after it was decided, as in life.
            recorded_at: minute(self.now) + Duration::milliseconds(3),
            metadata: Metadata::by(Actor::Runner),
            event,
        });
    }

    fn moment(&self) -> Moment {
        Moment::new(minute(self.now), Actor::Runner)
    }

    fn kri(&mut self, command: KriCommand) {
        let Ok(events) = Root::decide(&self.kri, command, &self.moment()) else { return };
        for event in events {
            cqrs_es::Aggregate::apply(&mut self.kri, event.clone());
            self.record(TenantEvent::Kri(event.clone()), kri_id().to_string());
            if let Some(reached) = self.reached(&event) {
                self.open = Some(reached.clone());
                self.untold.push(reached);
            }
            if matches!(event, KriEvent::BreachClosed(_)) {
                self.open = None;
            }
        }
    }

    fn reached(&self, event: &KriEvent) -> Option<BreachReached> {
        let Kri::Present(state) = &self.kri else { return None };
        let open = state.episodes.open.as_ref()?;
        matches!(event, KriEvent::BreachOpened(_) | KriEvent::BreachRaised(_)).then(|| BreachReached {
            kri: kri_id(),
            slug: KriSlug::parse("cves").unwrap(),
            breach_id: open.id,
            level: open.level,
            opened_at: open.opened_at,
            reached_at: if matches!(event, KriEvent::BreachOpened(_)) {
                open.opened_at
            } else {
                minute(self.now) + Duration::milliseconds(3)
            },
            value: None,
            previous_value: None,
        })
    }

    pub(super) fn workflow(&mut self, command: WorkflowCommand) {
        let Ok(events) = Root::decide(&self.workflow, command, &self.moment()) else { return };
        for event in events {
            cqrs_es::Aggregate::apply(&mut self.workflow, event.clone());
            self.record(TenantEvent::Workflow(event), workflow_id().to_string());
        }
    }

    pub(super) fn reads(&mut self, value: i64) {
        self.kri(KriCommand::RecordReading(NewReading {
            value: Quantity::new(value.into()),
            observed_at: minute(self.now),
            source_id: None,
            run_id: None,
            note: None,
            expires_at: None,
        }));
    }

    pub(super) fn follow(&mut self) {
        for breach in std::mem::take(&mut self.untold) {
            self.workflow(WorkflowCommand::Breached {
                breach,
                open: true,
                chain: Vec::new(),
                kri_events: Vec::new(),
            });
        }
    }

    fn tick(&mut self) {
        self.workflow(WorkflowCommand::Tick { kri_events: Vec::new() });
    }

    pub(super) fn activate(&mut self) {
        let facts: TenantFacts = serde_json::from_value(json!({
            "kris": [{"id": kri_id(), "slug": "cves", "owner": "01JA0000000000000000000001"}], "relays": ["slack"],
            "accounts": {"01JA0000000000000000000001": ["tenant_admin"]}, "kriEvents": {}}))
        .unwrap();
        let before = self.stream.len();
        self.workflow(WorkflowCommand::Activate { facts: Box::new(facts) });
        // Whoever follows the log tells of what is open when a trigger comes into force.
        if self.stream.len() > before {
            self.untold.extend(self.open.clone());
        }
    }

    fn under_way(&self) -> Vec<WorkflowRunId> {
        let ended: Vec<WorkflowRunId> = self
            .own()
            .filter_map(
                |event| if let WorkflowEvent::RunEnded(ended) = event { Some(ended.run_id) } else { None },
            )
            .collect();
        self.started().into_iter().filter(|run| !ended.contains(run)).collect()
    }

    fn own(&self) -> impl Iterator<Item = &WorkflowEvent> {
        self.stream.iter().filter_map(|told| {
            if let TenantEvent::Workflow(event) = &told.event { Some(event) } else { None }
        })
    }

    fn started(&self) -> Vec<WorkflowRunId> {
        self.own()
            .filter_map(|event| {
                if let WorkflowEvent::RunStarted(started) = event { Some(started.run_id) } else { None }
            })
            .collect()
    }

    pub(super) fn act(&mut self, act: &Act) {
        match act {
            Act::Pass(minutes) => self.now += minutes,
            Act::Read(value) => self.reads(*value),
            Act::Follow => self.follow(),
            Act::Tick => self.tick(),
            // Whoever follows is not so far behind that a pause lies between what happened and its being told: of that
            // nothing is recorded, and the promise of the pause is kept.
            Act::Pause => {
                self.follow();
                self.workflow(WorkflowCommand::Pause);
            }
            Act::Resume => {
                self.follow();
                self.activate();
            }
            Act::Edit(n) => {
                self.follow();
                let definition = Box::new(self.definitions[n % self.definitions.len()].clone());
                self.workflow(WorkflowCommand::Edit { definition, provenance: Provenance::Written });
            }
            Act::Press => {
                self.presses += 1;
                let key = self.presses.to_string();
                self.workflow(WorkflowCommand::Run { key, inputs: Map::new(), kri_events: Vec::new() });
            }
            Act::End => {
                if let Some(run_id) = self.under_way().first().copied() {
                    self.workflow(WorkflowCommand::EndRun { run_id, kri_events: Vec::new() });
                }
            }
        }
    }

    /// The workflow's own events.
    fn told_of_it(&self) -> Vec<Recorded<WorkflowEvent>> {
        let own = self.stream.iter().filter_map(|told| {
            let TenantEvent::Workflow(event) = &told.event else { return None };
            Some(Recorded {
                position: told.position,
                event_id: told.event_id,
                aggregate_id: told.aggregate_id.clone(),
                sequence: told.sequence,
                recorded_at: told.recorded_at,
                metadata: told.metadata.clone(),
                event: event.clone(),
            })
        });
        own.collect()
    }

    fn backtest(&self, tried: Tried) -> Backtested {
        let mut backtest = Backtest::new(tried, &self.told_of_it());
        self.stream.iter().for_each(|told| backtest.tell(told));
        backtest.finish()
    }

    fn end(&self) -> Position {
        self.stream.last().map_or(Position::START, |told| told.position)
    }

    fn recorded_at(&self, position: Position) -> DateTime<Utc> {
        self.stream.iter().find(|told| told.position == position).unwrap().recorded_at
    }

    pub(super) fn over_all(&self, definition: Definition, what_if: WhatIf) -> Backtested {
        let (after, until) = (Position::START, self.end());
        let (from, to) = (minute(0), minute(self.now + 1));
        let (id, version) = (workflow_id(), None);
        self.backtest(Tried { id, definition, version, after, from, until, to, what_if })
    }

    /// A version over its own time, and the runs that were started in it; none where it was never in force.
    pub(super) fn over_own_time(&self, version: u64) -> Option<(Backtested, Vec<WorkflowRunId>)> {
        let own = self.told_of_it();
        let (after, until) = own_time(&own, version)?;
        let (until, to) =
            until.map_or((self.end(), minute(self.now + 1)), |until| (until, self.recorded_at(until)));
        let events: Vec<WorkflowEvent> = own.iter().map(|told| told.event.clone()).collect();
        let definition = definition_at(&events, version).unwrap().clone();
        let (from, what_if) = (self.recorded_at(after), WhatIf::default());
        let (id, tried) = (workflow_id(), Some(version));
        let shown = self.backtest(Tried { id, definition, version: tried, after, from, until, to, what_if });
        let within = own.iter().filter(|told| after < told.position && told.position <= until);
        let started = within.filter_map(|told| {
            if let WorkflowEvent::RunStarted(started) = &told.event { Some(started.run_id) } else { None }
        });
        Some((shown, started.collect()))
    }
}

#[derive(Debug, Clone)]
pub(super) enum Act {
    Pass(i64),
    Read(i64),
    Follow,
    Tick,
    Pause,
    Resume,
    Edit(usize),
    Press,
    End,
}
