//! The workflow against a reference model: the same commands, and after each the same answer and the same state.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use serde_json::{Map, json};

use crate::kri::Level;
use crate::workflow::sample::definition;
use crate::workflow::{
    BreachReached, Calendar, Definition, MissedWhat, Provenance, RunTrigger, Standing, TenantFacts,
    TriggerStanding, Workflow, WorkflowCommand, WorkflowEvent, definition_at,
};
use crate::{Actor, BreachId, KriId, KriSlug, Moment, Rejection, WorkflowId};

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::minutes(minute)
}

#[expect(clippy::unnecessary_box_returns, reason = "the command takes it so")]
fn tenant() -> Box<TenantFacts> {
    let admin = "01JA0000000000000000000001";
    Box::new(
        serde_json::from_value(
            json!({"kris": [{"id": KriId::default(), "slug": "cves", "owner": admin}], "relays": ["slack"],
        "accounts": {admin: ["tenant_admin"]}, "kriEvents": {}}),
        )
        .unwrap(),
    )
}

/// One of a few definitions that differ in the level they ask for and in what they post.
fn variety(n: u8) -> Definition {
    let level = if n.is_multiple_of(2) { "amber" } else { "red" };
    definition(
        &json!({"type": "kri_breach", "kri": "cves", "level": level}),
        &json!([{"id": "post", "type": "post_slack", "channel": "#a", "text": format!("text {n}")}]),
    )
}

struct Given {
    workflow: Workflow,
    events: Vec<WorkflowEvent>,
}

impl Given {
    fn draft(definition: Definition) -> Self {
        let mut given = Self { workflow: Workflow::default(), events: Vec::new() };
        let definition = Box::new(definition);
        given
            .give(
                WorkflowCommand::Draft {
                    id: WorkflowId::default(),
                    definition,
                    provenance: Provenance::Written,
                },
                0,
                None,
            )
            .unwrap();
        given
    }

    fn give(
        &mut self,
        command: WorkflowCommand,
        at: i64,
        seen: Option<u64>,
    ) -> Result<Vec<WorkflowEvent>, Rejection> {
        let mut moment = Moment::new(minute(at), Actor::Runner);
        moment.expected_version = seen;
        let events = crate::Root::decide(&self.workflow, command, &moment)?;
        for event in &events {
            cqrs_es::Aggregate::apply(&mut self.workflow, event.clone());
        }
        self.events.extend(events.iter().cloned());
        Ok(events)
    }

    fn state(&self) -> &crate::workflow::WorkflowState {
        self.workflow.state().unwrap()
    }
}

fn breach(episode: u8, level: Level, at: i64) -> WorkflowCommand {
    let breach = BreachReached {
        kri: KriId::default(),
        slug: KriSlug::parse("cves").unwrap(),
        breach_id: BreachId::from(uuid::Uuid::from_u128(episode.into())),
        level,
        opened_at: minute(at),
        reached_at: minute(at),
        value: None,
        previous_value: None,
    };
    WorkflowCommand::Breached { breach, open: true, chain: Vec::new(), kri_events: Vec::new() }
}

fn press(key: u8) -> WorkflowCommand {
    WorkflowCommand::Run { key: key.to_string(), inputs: Map::new(), kri_events: Vec::new() }
}

fn outcome(result: &Result<Vec<WorkflowEvent>, Rejection>) -> Result<Vec<&'static str>, &'static str> {
    match result {
        Ok(events) => Ok(events.iter().map(crate::EventSet::wire_type).collect()),
        Err(Rejection::Conflict { code, .. } | Rejection::Invalid { code, .. }) => Err(code),
        Err(Rejection::Stale { .. }) => Err("stale"),
        Err(Rejection::NotFound { .. }) => Err("not_found"),
        Err(Rejection::Taken { .. }) => Err("taken"),
    }
}

#[derive(Debug, Clone)]
enum Ask {
    Edit(u8),
    Restore(u64),
    Activate,
    Pause,
    Archive,
    Press(u8),
    Breach(u8, Level),
}

fn asks() -> impl Strategy<Value = (Ask, Option<i8>)> {
    let ask = prop_oneof![
        3 => (0_u8..4).prop_map(Ask::Edit),
        2 => (0_u64..6).prop_map(Ask::Restore),
        4 => Just(Ask::Activate),
        3 => Just(Ask::Pause),
        1 => Just(Ask::Archive),
        3 => (0_u8..4).prop_map(Ask::Press),
        4 => (0_u8..3, any::<bool>()).prop_map(|(n, red)| Ask::Breach(n, if red { Level::Red } else { Level::Amber })),
    ];
    // How far the version that the caller has seen lies from the current one; mostly they say nothing.
    (ask, prop_oneof![4 => Just(None), 1 => Just(Some(0)), 1 => Just(Some(-1)), 1 => Just(Some(1))])
}

/// The product's words (section 4), as plainly as they can be put.
struct Model {
    standing: Standing,
    versions: Vec<u8>,
    started: BTreeSet<String>,
    missed: BTreeSet<u8>,
}

impl Model {
    fn current(&self) -> u8 {
        *self.versions.last().unwrap()
    }

    fn answer(&mut self, ask: &Ask, seen: Option<u64>) -> Result<Vec<&'static str>, &'static str> {
        use Standing::{Active, Archived, Draft, Paused};
        let archived = self.standing == Archived;
        match ask {
            Ask::Archive if archived => Ok(vec![]),
            Ask::Breach(episode, level) => self.breached(*episode, *level),
            Ask::Press(key) if self.started.contains(&format!("press {key}")) => Ok(vec![]),
            _ if archived => Err("workflow.archived"),
            Ask::Press(key) => match self.standing {
                Draft => Err("workflow.draft"),
                Paused => Err("workflow.paused"),
                Active | Archived => {
                    self.started.insert(format!("press {key}"));
                    Ok(vec!["workflow.run_started"])
                }
            },
            Ask::Edit(n) if *n == self.current() => Ok(vec![]),
            Ask::Restore(n) if *n == 0 || usize::try_from(*n).unwrap() > self.versions.len() => {
                Err("workflow.version_unknown")
            }
            Ask::Restore(n) if self.versions[usize::try_from(*n).unwrap() - 1] == self.current() => {
                Ok(vec![])
            }
            Ask::Activate if self.standing == Active => Ok(vec![]),
            Ask::Pause if self.standing == Paused => Ok(vec![]),
            Ask::Pause if self.standing == Draft => Err("workflow.draft"),
            _ if seen.is_some_and(|seen| usize::try_from(seen) != Ok(self.versions.len())) => Err("stale"),
            Ask::Edit(n) => {
                self.versions.push(*n);
                Ok(vec!["workflow.edited"])
            }
            Ask::Restore(n) => {
                self.versions.push(self.versions[usize::try_from(*n).unwrap() - 1]);
                Ok(vec!["workflow.restored"])
            }
            Ask::Activate => self.becomes(Active, "workflow.activated"),
            Ask::Pause => self.becomes(Paused, "workflow.paused"),
            Ask::Archive => self.becomes(Archived, "workflow.archived"),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "an answer like the others")]
    fn becomes(
        &mut self,
        standing: Standing,
        event: &'static str,
    ) -> Result<Vec<&'static str>, &'static str> {
        self.standing = standing;
        Ok(vec![event])
    }

    fn breached(&mut self, episode: u8, level: Level) -> Result<Vec<&'static str>, &'static str> {
        let asked = if self.current().is_multiple_of(2) { Level::Amber } else { Level::Red };
        if level < asked || self.started.contains(&format!("breach {episode} {asked:?}")) {
            return Ok(vec![]);
        }
        match self.standing {
            Standing::Archived => Err("workflow.archived"),
            Standing::Paused if self.missed.insert(episode) => Ok(vec!["workflow.run_missed"]),
            Standing::Draft | Standing::Paused => Ok(vec![]),
            Standing::Active => {
                self.started.insert(format!("breach {episode} {asked:?}"));
                Ok(vec!["workflow.run_started"])
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn the_workflow_does_what_the_model_says(asked in proptest::collection::vec(asks(), 1..40)) {
        let mut given = Given::draft(variety(0));
        let mut model = Model { standing: Standing::Draft, versions: vec![0], started: BTreeSet::new(), missed: BTreeSet::new() };
        for (at, (ask, seen)) in (1..).zip(&asked) {
            let version = u64::try_from(model.versions.len()).unwrap();
            let seen = seen.map(|off| version.saturating_add_signed(off.into()));
            let expected = model.answer(ask, seen);
            let command = match ask {
                Ask::Edit(n) => WorkflowCommand::Edit { definition: Box::new(variety(*n)), provenance: Provenance::Written },
                Ask::Restore(n) => WorkflowCommand::Restore {
                    version: *n,
                    definition: Box::new(definition_at(&given.events, *n).cloned().unwrap_or_else(|| variety(9))),
                },
                Ask::Activate => WorkflowCommand::Activate { facts: tenant() },
                Ask::Pause => WorkflowCommand::Pause,
                Ask::Archive => WorkflowCommand::Archive,
                Ask::Press(key) => press(*key),
                Ask::Breach(episode, level) => breach(*episode, *level, at),
            };
            let found = given.give(command.clone(), at, seen);
            prop_assert_eq!(outcome(&found), expected, "{:?}", ask);
            if found.is_ok() {
                prop_assert_eq!(given.give(command, at, None), Ok(Vec::new()), "asked again: {:?}", ask);
            }
            let state = given.state();
            prop_assert_eq!((state.standing, usize::try_from(state.version).unwrap()), (model.standing, model.versions.len()));
            prop_assert_eq!(&state.definition, &variety(model.current()));
        }
        for (version, n) in (1..).zip(&model.versions) {
            prop_assert_eq!(definition_at(&given.events, version), Some(&variety(*n)), "no version is ever changed");
        }
        let mut replayed = Workflow::default();
        given.events.iter().for_each(|event| cqrs_es::Aggregate::apply(&mut replayed, event.clone()));
        prop_assert_eq!(replayed, given.workflow);
    }
}

/// What a scheduled workflow may live through.
#[derive(Debug, Clone)]
enum Turn {
    Tick,
    Pause,
    Activate,
    EndOldest,
    EditSteps,
}

fn turns() -> impl Strategy<Value = (Turn, i64)> {
    let turn = prop_oneof![
        6 => Just(Turn::Tick), 1 => Just(Turn::Pause), 2 => Just(Turn::Activate), 3 => Just(Turn::EndOldest), 1 => Just(Turn::EditSteps),
    ];
    (turn, prop_oneof![0_i64..20, 0_i64..400])
}

fn scheduled(missed: &serde_json::Value, overlap: &str, text: &str) -> Definition {
    definition(
        &json!({"type": "schedule", "cron": "*/7 * * * *", "timeZone": "America/New_York", "missed": missed, "overlap": overlap}),
        &json!([{"id": "post", "type": "post_slack", "channel": "#a", "text": text}]),
    )
}

/// Every due time that the events speak of, and how often.
fn spoken_of(events: &[WorkflowEvent], waiting: Option<DateTime<Utc>>) -> BTreeMap<DateTime<Utc>, usize> {
    let mut times = BTreeMap::new();
    let mut count = |due: DateTime<Utc>| *times.entry(due).or_default() += 1;
    for event in events {
        match event {
            WorkflowEvent::RunStarted(started) => match started.trigger {
                RunTrigger::Schedule { due_at } => count(due_at),
                RunTrigger::KriBreach(_) | RunTrigger::Manual { .. } => {}
            },
            WorkflowEvent::RunMissed(missed) => match &missed.what {
                MissedWhat::Schedule(times) => {
                    assert!(times.listed.len() == usize::try_from(times.count).unwrap().min(100));
                    times.listed.iter().copied().for_each(&mut count);
                }
                MissedWhat::KriBreach(_) => {}
            },
            WorkflowEvent::Drafted(_)
            | WorkflowEvent::Edited(_)
            | WorkflowEvent::Restored(_)
            | WorkflowEvent::Activated(_)
            | WorkflowEvent::Paused(_)
            | WorkflowEvent::Archived(_)
            | WorkflowEvent::RunRequested(_)
            | WorkflowEvent::RunEnded(_) => {}
        }
    }
    waiting.into_iter().for_each(count);
    times
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn every_due_time_is_run_or_waits_or_is_missed_exactly_once(
        missed in prop_oneof![Just(json!("latest")), Just(json!("none")), Just(json!({"all": {"upTo": 3}}))],
        overlap in prop_oneof![Just("skip"), Just("queue_one"), Just("allow")],
        lived in proptest::collection::vec(turns(), 1..30),
    ) {
        let mut given = Given::draft(scheduled(&missed, overlap, "0"));
        let mut at = 0;
        given.give(WorkflowCommand::Activate { facts: tenant() }, at, None).unwrap();
        let mut running: Vec<_> = Vec::new();
        for (n, (turn, minutes)) in lived.iter().enumerate() {
            at += minutes;
            let command = match turn {
                Turn::Tick => WorkflowCommand::Tick { kri_events: Vec::new() },
                Turn::Pause => WorkflowCommand::Pause,
                Turn::Activate => WorkflowCommand::Activate { facts: tenant() },
                Turn::EndOldest if running.is_empty() => continue,
                Turn::EndOldest => WorkflowCommand::EndRun { run_id: running.remove(0), kri_events: Vec::new() },
                Turn::EditSteps => WorkflowCommand::Edit {
                    definition: Box::new(scheduled(&missed, overlap, &n.to_string())), provenance: Provenance::Written,
                },
            };
            let paused = given.state().standing == Standing::Paused;
            let events = given.give(command.clone(), at, None).unwrap();
            prop_assert_eq!(given.give(command, at, None), Ok(Vec::new()), "asked again: {:?}", turn);
            for event in &events {
                if let WorkflowEvent::RunStarted(started) = event {
                    prop_assert!(!paused, "a paused workflow started a run");
                    prop_assert_eq!(started.version, given.state().version);
                    running.push(started.run_id);
                }
            }
            prop_assert!(overlap == "allow" || running.len() <= 1, "two runs at once");
        }
        let mut timer = TriggerStanding::drafted(scheduled(&missed, overlap, "0").trigger);
        given.events.iter().for_each(|event| timer.tell(event));
        prop_assert_eq!(timer.next_due(), given.state().next_due(), "a timer knows by the events alone");
        let end = at + 1000;
        given.give(WorkflowCommand::Pause, at, None).unwrap();
        given.give(WorkflowCommand::Activate { facts: tenant() }, end, None).unwrap();
        let calendar = Calendar::parse("*/7 * * * *", "America/New_York").unwrap();
        let expected: Vec<_> = calendar.between(minute(0), minute(end)).map(|due| (due, 1)).collect();
        let spoken = spoken_of(&given.events, given.state().waiting);
        let listed_all = !given.events.iter().any(|event| matches!(event, WorkflowEvent::RunMissed(missed)
            if matches!(&missed.what, MissedWhat::Schedule(times) if times.count > 100)));
        if listed_all {
            prop_assert_eq!(spoken.into_iter().collect::<Vec<_>>(), expected);
        } else {
            prop_assert!(spoken.values().all(|count| *count == 1));
        }
    }
}

#[test]
fn a_late_tick_serves_the_latest_and_tells_of_the_others() {
    let mut given = Given::draft(scheduled(&json!("latest"), "allow", "x"));
    given.give(WorkflowCommand::Activate { facts: tenant() }, 0, None).unwrap();
    let events = given.give(WorkflowCommand::Tick { kri_events: Vec::new() }, 60, None).unwrap();
    assert_eq!(outcome(&Ok(events.clone())).unwrap(), ["workflow.run_missed", "workflow.run_started"]);
    let WorkflowEvent::RunMissed(missed) = &events[0] else { panic!() };
    assert!(matches!(&missed.what, MissedWhat::Schedule(times) if times.count == 8));
}

#[test]
fn a_workflow_that_speaks_of_what_has_gone_is_not_activated() {
    let mut given = Given::draft(variety(0));
    let mut facts = tenant();
    facts.relays.clear();
    let Err(Rejection::Invalid { code, violations }) =
        given.give(WorkflowCommand::Activate { facts }, 1, None)
    else {
        panic!()
    };
    assert_eq!(code, "workflow.not_ready");
    assert_eq!(violations[0].pointer, "/definition/steps/0/type");
}

#[test]
fn a_breach_from_before_activation_counts_only_where_the_trigger_says_so() {
    for (on_activate, runs) in [("next_breach", 0), ("open_breach", 1)] {
        let mut value = variety(0).to_value();
        value["trigger"]["onActivate"] = json!(on_activate);
        let mut given = Given::draft(serde_json::from_value(value).unwrap());
        given.give(WorkflowCommand::Activate { facts: tenant() }, 10, None).unwrap();
        assert_eq!(given.give(breach(1, Level::Red, 5), 11, None).unwrap().len(), runs, "{on_activate}");
    }
}

#[test]
fn a_changed_trigger_settles_what_the_old_one_left_and_begins_anew() {
    let mut given = Given::draft(scheduled(&json!("latest"), "allow", "x"));
    given.give(WorkflowCommand::Activate { facts: tenant() }, 0, None).unwrap();
    let edit = WorkflowCommand::Edit { definition: Box::new(variety(0)), provenance: Provenance::Written };
    let events = given.give(edit, 30, None).unwrap();
    assert_eq!(outcome(&Ok(events)).unwrap(), ["workflow.run_missed", "workflow.edited"]);
    let back = WorkflowCommand::Edit {
        definition: Box::new(scheduled(&json!("latest"), "allow", "y")),
        provenance: Provenance::Written,
    };
    given.give(back, 60, None).unwrap();
    assert_eq!(given.state().next_due(), Some(minute(67)));
    assert_eq!(given.give(WorkflowCommand::Tick { kri_events: Vec::new() }, 61, None), Ok(Vec::new()));
}

#[test]
fn the_button_asks_for_what_the_trigger_asks_for() {
    let inputs = json!([{"name": "who", "type": "text"}, {"name": "n", "type": "number", "default": 3}, {"name": "note", "type": "text", "required": false}]);
    let mut given = Given::draft(definition(
        &json!({"type": "manual", "inputs": inputs}),
        &json!([{"id": "post", "type": "post_slack", "channel": "#a", "text": "{{ trigger.inputs.who }}"}]),
    ));
    given.give(WorkflowCommand::Activate { facts: tenant() }, 0, None).unwrap();
    let mut run = |key: &str, inputs: serde_json::Value| {
        let inputs = inputs.as_object().unwrap().clone();
        given.give(WorkflowCommand::Run { key: key.to_owned(), inputs, kri_events: Vec::new() }, 1, None)
    };
    let Err(Rejection::Invalid { code: "workflow.inputs", violations }) =
        run("a", json!({"n": "x", "odd/one": 1}))
    else {
        panic!()
    };
    let pointers: Vec<_> = violations.iter().map(|violation| violation.pointer.as_str()).collect();
    assert_eq!(pointers, ["/inputs/who", "/inputs/n", "/inputs/odd~1one"]);
    let events = run("a", json!({"who": "Priya"})).unwrap();
    let WorkflowEvent::RunStarted(started) = &events[0] else { panic!() };
    assert_eq!(
        started.trigger,
        RunTrigger::Manual { inputs: json!({"who": "Priya", "n": 3}).as_object().unwrap().clone() }
    );
    assert_eq!(run("a", json!({"who": "Priya"})), Ok(Vec::new()), "one press is one run");
    assert_eq!(run("b", json!({"who": "Priya"})).unwrap().len(), 1);
}

#[test]
fn every_event_reads_back_as_what_was_written() {
    let mut given = Given::draft(scheduled(&json!({"all": {"upTo": 2}}), "queue_one", "x"));
    for (at, command) in [
        (0, WorkflowCommand::Activate { facts: tenant() }),
        (20, WorkflowCommand::Tick { kri_events: Vec::new() }),
        (21, WorkflowCommand::Pause),
        (
            22,
            WorkflowCommand::Edit {
                definition: Box::new(variety(1)),
                provenance: Provenance::Interview {
                    interview_id: ulid::Ulid::nil(),
                    digest: "d".to_owned(),
                    leaves: BTreeMap::from([
                        ("/name".to_owned(), crate::workflow::LeafOrigin::Turn(3)),
                        ("/owners/0/role".to_owned(), crate::workflow::LeafOrigin::Default),
                    ]),
                },
            },
        ),
        (23, WorkflowCommand::Activate { facts: tenant() }),
        (24, breach(1, Level::Red, 24)),
        (25, WorkflowCommand::Archive),
    ] {
        given.give(command, at, None).unwrap();
    }
    let restored = Box::new(definition_at(&given.events, 1).unwrap().clone());
    given.events.push(WorkflowEvent::Restored(crate::workflow::WorkflowRestored {
        version: 3,
        from: 1,
        definition: restored,
        at: minute(1),
    }));
    for event in &given.events {
        let payload = crate::EventSet::payload(event).unwrap();
        let read =
            crate::TenantEvent::decode("workflow", crate::EventSet::wire_type(event), 1, &payload).unwrap();
        assert_eq!(read, crate::TenantEvent::Workflow(event.clone()));
    }
}
