//! Backtests against a world that was played by the rules themselves.

mod world;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::workflow::backtest::{Absence, Backtested, OtherThresholds, Pauses, WhatIf};
use crate::workflow::sample::definition;
use crate::workflow::{Definition, KriRef, Party, Standing, WorkflowCommand};
use crate::{KriSlug, Quantity, WorkflowRunId};
use world::{Act, World, minute};

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        5 => (1_i64..400).prop_map(Act::Pass),
        5 => (0_i64..30).prop_map(Act::Read),
        4 => Just(Act::Follow),
        4 => Just(Act::Tick),
        1 => Just(Act::Pause),
        2 => Just(Act::Resume),
        1 => (0_usize..3).prop_map(Act::Edit),
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
    fn every_version_over_its_own_time_gives_exactly_the_runs_that_there_were(
        triggers in proptest::collection::vec(triggers(), 3), before in acts(), acts in acts()
    ) {
        let definitions: Vec<Definition> =
            triggers.iter().map(|trigger| definition(trigger, &steps())).collect();
        let mut world = World::of(definitions[0].clone());
        world.definitions = definitions;
        // Before the trigger is on, values come and breaches open, and nobody is told of them in time; the very last of them in
        // the instant of the activation.
        for act in before.iter().filter(|act| matches!(act, Act::Pass(_) | Act::Read(_) | Act::Follow)) {
            world.act(act);
        }
        world.activate();
        for act in &acts {
            world.act(act);
        }
        let versions = world.workflow.version();
        for version in 1..=versions {
            let Some((shown, mut happened)) = world.over_own_time(version) else { panic!("version {version}") };
            let mut both = ids(&shown.both);
            happened.sort_unstable();
            both.sort_unstable();
            // A breach that nobody has been told of yet is one that is still to be answered.
            if version < versions || world.untold.is_empty() {
                prop_assert_eq!(ids(&shown.only_tried), Vec::new(), "version {}", version);
            }
            prop_assert_eq!(ids(&shown.only_recorded), Vec::new(), "version {}", version);
            prop_assert_eq!(both, happened, "version {}", version);
            prop_assert!(shown.both.iter().all(|run| run.version == version), "version {}", version);
        }
    }
}

#[test]
fn what_was_recorded_in_the_instant_of_the_activation_lies_on_one_side_of_it() {
    for (read_first, told, runs) in [(true, false, 0), (true, true, 1), (false, true, 1)] {
        let mut world = World::of(breach_at("red"));
        world.now = 7;
        // All of it within one instant: only the positions say what came first.
        if read_first {
            world.reads(25);
        }
        world.activate();
        if !read_first {
            world.reads(25);
        }
        if told {
            world.follow();
        }
        let (shown, happened) = world.over_own_time(1).unwrap();
        let case = format!("read first: {read_first}, told: {told}");
        assert_eq!((shown.both.len(), happened.len(), shown.only_tried.len()), (runs, runs, 0), "{case}");
    }
}

#[test]
fn a_version_that_was_never_in_force_has_no_time_of_its_own() {
    let mut world = World::of(breach_at("red"));
    world.definitions.push(breach_at("amber"));
    world.act(&Act::Edit(1));
    assert!(world.over_own_time(1).is_none(), "it was a draft all its life");
    assert!(world.over_own_time(2).is_none(), "and so is this one");
    world.activate();
    assert!(world.over_own_time(2).is_some() && world.over_own_time(1).is_none());
    assert!(world.over_own_time(3).is_none() && world.over_own_time(0).is_none());
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
