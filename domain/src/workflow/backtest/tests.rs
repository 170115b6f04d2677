//! Backtests against a world that was played by the rules themselves.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::kri::{Direction, Kri, KriBody, KriCommand, KriEvent, NewReading};
use crate::workflow::backtest::{Absence, Backtest, Backtested, OtherThresholds, Pauses, Tried, WhatIf};
use crate::workflow::run::BreachReached;
use crate::workflow::sample::definition;
use crate::workflow::{
    Definition, KriRef, Party, Provenance, Standing, TenantFacts, Workflow, WorkflowCommand, WorkflowEvent,
};
use crate::{
    Actor, EventId, KriId, KriSlug, Metadata, Moment, Position, Quantity, Recorded, Root, Sequence,
    TenantEvent, WorkflowId, WorkflowRunId,
};

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::minutes(minute)
}

fn kri_id() -> KriId {
    KriId::from(uuid::Uuid::from_u128(7))
}

fn workflow_id() -> WorkflowId {
    WorkflowId::from(uuid::Uuid::from_u128(9))
}

/// A tenant with one KRI and one workflow, played by the rules, and its stream.
struct World {
    kri: Kri,
    workflow: Workflow,
    stream: Vec<Recorded<TenantEvent>>,
    now: i64,
    /// Breaches that the follower has not told the workflow of yet.
    untold: Vec<BreachReached>,
    presses: u32,
    /// The open breach as it was told of last.
    open: Option<BreachReached>,
}

impl World {
    fn of(definition: Definition) -> Self {
        let body: KriBody = serde_json::from_value(json!({"slug": "cves", "name": "CVEs", "unit": "count",
            "direction": Direction::HigherIsWorse, "warn": 10, "critical": 20}))
        .unwrap();
        let mut world = Self {
            kri: Kri::default(),
            workflow: Workflow::default(),
            stream: Vec::new(),
            now: 0,
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

    fn workflow(&mut self, command: WorkflowCommand) {
        let Ok(events) = Root::decide(&self.workflow, command, &self.moment()) else { return };
        for event in events {
            cqrs_es::Aggregate::apply(&mut self.workflow, event.clone());
            self.record(TenantEvent::Workflow(event), workflow_id().to_string());
        }
    }

    fn reads(&mut self, value: i64) {
        self.kri(KriCommand::RecordReading(NewReading {
            value: Quantity::new(value.into()),
            observed_at: minute(self.now),
            source_id: None,
            run_id: None,
            note: None,
            expires_at: None,
        }));
    }

    fn follow(&mut self) {
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

    fn activate(&mut self) {
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

    fn activated_at(&self) -> Option<DateTime<Utc>> {
        self.own().find_map(|event| if let WorkflowEvent::Activated(it) = event { Some(it.at) } else { None })
    }

    fn act(&mut self, act: &Act) {
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

    fn backtest(&self, tried: Tried) -> Backtested {
        let own: Vec<Recorded<WorkflowEvent>> = self
            .stream
            .iter()
            .filter_map(|told| {
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
            })
            .collect();
        let mut backtest = Backtest::new(tried, &own);
        self.stream.iter().for_each(|told| backtest.tell(told));
        backtest.finish()
    }

    fn over_all(&self, definition: Definition, what_if: WhatIf) -> Backtested {
        let (from, to) = (minute(0), minute(self.now + 1));
        self.backtest(Tried { id: workflow_id(), definition, version: None, from, to, what_if })
    }
}

#[derive(Debug, Clone)]
enum Act {
    Pass(i64),
    Read(i64),
    Follow,
    Tick,
    Pause,
    Resume,
    Press,
    End,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        5 => (1_i64..400).prop_map(Act::Pass),
        5 => (0_i64..30).prop_map(Act::Read),
        4 => Just(Act::Follow),
        4 => Just(Act::Tick),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => Just(Act::Press),
        3 => Just(Act::End),
    ];
    proptest::collection::vec(act, 1..80)
}

fn steps() -> Value {
    json!([{"id": "post", "type": "post_slack", "channel": "#a", "text": "x"}])
}

fn triggers() -> impl Strategy<Value = Value> {
    let breach = (any::<bool>(), any::<bool>()).prop_map(|(red, open)| {
        json!({"type": "kri_breach", "kri": "cves", "level": if red { "red" } else { "amber" },
               "onActivate": if open { "open_breach" } else { "next_breach" }})
    });
    let missed = prop_oneof![Just(json!("latest")), Just(json!("none")), Just(json!({"all": {"upTo": 3}}))];
    let overlap = prop_oneof![Just("skip"), Just("queue_one"), Just("allow")];
    let schedule = (missed, overlap).prop_map(|(missed, overlap)| {
        json!({"type": "schedule", "cron": "0 */2 * * *", "timeZone": "Europe/Berlin", "missed": missed, "overlap": overlap})
    });
    prop_oneof![breach, schedule, Just(json!({"type": "manual"}))]
}

fn ids(runs: &[super::BacktestRun]) -> Vec<WorkflowRunId> {
    runs.iter().map(|run| run.run_id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn the_definition_in_force_over_its_own_time_gives_exactly_the_runs_that_there_were(
        trigger in triggers(), before in acts(), acts in acts()
    ) {
        let definition = definition(&trigger, &steps());
        let mut world = World::of(definition.clone());
        // Before the trigger is on, values come and breaches open, and nobody is told of them in time.
        for act in before.iter().filter(|act| matches!(act, Act::Pass(_) | Act::Read(_) | Act::Follow)) {
            world.act(act);
        }
        // A backtest begins at a time, not at a position: nothing else happens in the minute of the activation.
        world.act(&Act::Pass(1));
        world.activate();
        for act in &acts {
            world.act(act);
        }
        let from = world.activated_at().unwrap();
        let to = minute(world.now + 1);
        let what_if = WhatIf::default();
        let tried = Tried { id: workflow_id(), definition, version: Some(1), from, to, what_if };
        let shown = world.backtest(tried);
        let mut happened = world.started();
        let mut both = ids(&shown.both);
        happened.sort_unstable();
        both.sort_unstable();
        // A breach that nobody has been told of yet is one that is still to be answered.
        let untold = world.untold.iter().any(|_| true);
        if !untold {
            prop_assert_eq!(ids(&shown.only_tried), Vec::new());
        }
        prop_assert_eq!(ids(&shown.only_recorded), Vec::new());
        prop_assert_eq!(both, happened);
    }
}

fn breach_at(level: &str) -> Definition {
    definition(&json!({"type": "kri_breach", "kri": "cves", "level": level}), &steps())
}

/// Values over a day, each told of at once, under a workflow that asks for red.
fn day(values: &[i64]) -> World {
    let mut world = World::of(breach_at("red"));
    world.activate();
    for value in values {
        world.now += 60;
        world.reads(*value);
        world.follow();
    }
    world
}

#[test]
fn another_level_starts_runs_that_there_were_not() {
    let world = day(&[5, 12, 25, 5, 12, 5]);
    let shown = world.over_all(breach_at("amber"), WhatIf::default());
    assert_eq!((shown.both.len(), shown.only_tried.len(), shown.only_recorded.len()), (0, 2, 1));
    let shown = world.over_all(breach_at("red"), WhatIf::default());
    assert_eq!((shown.both.len(), shown.only_tried.len(), shown.only_recorded.len()), (1, 0, 0));
    assert_eq!(shown.unanswered.len(), 1, "the one that stayed amber");
    assert_eq!(json!(shown.unanswered[0].because), "level_not_reached");
}

#[test]
fn other_thresholds_make_other_breaches() {
    let world = day(&[5, 12, 5, 25, 5]);
    let what_if = |warn: i64, critical: i64| WhatIf {
        thresholds: vec![OtherThresholds {
            kri: KriRef::Slug(KriSlug::parse("cves").unwrap()),
            warn: Quantity::new(warn.into()),
            critical: Quantity::new(critical.into()),
        }],
        ..WhatIf::default()
    };
    let count = |shown: &Backtested| (shown.both.len(), shown.only_tried.len(), shown.only_recorded.len());
    assert_eq!(
        count(&world.over_all(breach_at("red"), what_if(10, 20))),
        (1, 0, 0),
        "the same ones are the same"
    );
    assert_eq!(count(&world.over_all(breach_at("red"), what_if(6, 11))), (1, 1, 0));
    assert_eq!(count(&world.over_all(breach_at("red"), what_if(50, 60))), (0, 0, 1));
}

#[test]
fn without_the_pause_the_breach_would_have_been_answered() {
    let mut world = day(&[5]);
    world.workflow(WorkflowCommand::Pause);
    world.now += 60;
    world.reads(25);
    world.follow();
    let shown = world.over_all(breach_at("red"), WhatIf::default());
    assert_eq!((shown.only_tried.len(), shown.unanswered.len()), (0, 1));
    assert_eq!(json!(shown.unanswered[0].because), "not_started");
    let shown = world.over_all(breach_at("red"), WhatIf { pauses: Pauses::None, ..WhatIf::default() });
    assert_eq!((shown.only_tried.len(), shown.unanswered.len()), (1, 0));
}

#[test]
fn a_schedule_that_was_never_in_force_is_served_on_time_and_its_runs_queue_as_long_as_they_take() {
    let mut world = day(&[5; 24]);
    world.now = 60 * 24;
    let schedule = |overlap: &str| {
        let trigger = json!({"type": "schedule", "cron": "0 * * * *", "timeZone": "UTC", "overlap": overlap});
        definition(&trigger, &steps())
    };
    let shown = world.over_all(schedule("skip"), WhatIf::default());
    assert_eq!(shown.only_tried.len(), 24, "every hour of the day after the first instant");
    let slow = WhatIf { runs_take: Some("PT90M".parse().unwrap()), ..WhatIf::default() };
    assert_eq!(world.over_all(schedule("skip"), slow.clone()).only_tried.len(), 12);
    let queued = world.over_all(schedule("queue_one"), slow).only_tried.len();
    assert!((13..24).contains(&queued), "{queued}");
}

#[test]
fn approvers_are_told_what_would_lie_before_them() {
    let approve = json!([{"id": "ask", "type": "await_approval", "question": "?", "due": "P1D", "onTimeout": "approve",
        "approvers": [{"role": "tenant_admin"}, {"kriOwner": true}]}]);
    let definition = definition(&json!({"type": "kri_breach", "kri": "cves", "level": "amber"}), &approve);
    let world = day(&[5, 12, 5, 12, 5, 25, 5]);
    let shown = world.over_all(definition.clone(), WhatIf::default()).approvals;
    assert_eq!((shown.asked, shown.timed_out, shown.approvers.len()), (3, 0, 2));
    assert_eq!((shown.approvers[0].questions, shown.approvers[0].most_at_once), (3, 3));
    let quick = WhatIf { answers_take: Some("PT30M".parse().unwrap()), ..WhatIf::default() };
    let shown = world.over_all(definition.clone(), quick).approvals;
    assert_eq!((shown.timed_out, shown.approvers[0].most_at_once), (0, 1));
    let late = WhatIf { answers_take: Some("P2D".parse().unwrap()), ..WhatIf::default() };
    let shown = world.over_all(definition.clone(), late).approvals;
    assert_eq!((shown.timed_out, shown.approved_by_timeout), (3, 3));
    let roles: Party = serde_json::from_value(json!({"role": "tenant_admin"})).unwrap();
    let owner: Party = serde_json::from_value(json!({"kriOwner": true})).unwrap();
    let away = |approver| Absence { approver, from: minute(0), to: minute(60 * 24 * 9) };
    let absences = WhatIf { absences: vec![away(roles), away(owner)], ..WhatIf::default() };
    let shown = world.over_all(definition, absences).approvals;
    assert_eq!((shown.timed_out, shown.approvers[1].while_away), (3, 3));
}

#[test]
fn a_backtest_before_there_was_a_workflow_takes_it_to_be_in_force() {
    let mut world = World::of(breach_at("red"));
    world.now += 60;
    world.reads(25);
    let shown = world.over_all(breach_at("red"), WhatIf::default());
    assert_eq!((shown.only_tried.len(), shown.both.len()), (1, 0));
    assert_eq!(world.workflow.state().map(|state| state.standing), Some(Standing::Draft));
}
