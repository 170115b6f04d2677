//! Breaches that come too early, too late, or round again.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::kri::Level;
use crate::workflow::event::{MissedWhy, WorkflowActivated, WorkflowEdited, WorkflowEvent};
use crate::workflow::rule::WorkflowState;
use crate::workflow::sample::definition;
use crate::workflow::start::{LONGEST_CHAIN, ToldBreach};
use crate::workflow::{BreachReached, Definition, Provenance};
use crate::workflow_run::ChainLink;
use crate::{BreachId, KriId, KriSlug, WorkflowId};

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::minutes(minute)
}

fn on(kri: &str, on_activate: &str) -> Definition {
    definition(
        &json!({"type": "kri_breach", "kri": kri, "level": "amber", "onActivate": on_activate}),
        &json!([{"id": "post", "type": "post_slack", "channel": "#a", "text": "red"}]),
    )
}

fn active(definition: Definition, since: i64) -> WorkflowState {
    let mut state = WorkflowState::new(WorkflowId::default(), definition);
    state.evolve(WorkflowEvent::Activated(WorkflowActivated { version: 1, at: minute(since) }));
    state
}

fn told(at: i64) -> ToldBreach {
    let reached = BreachReached {
        kri: KriId::default(),
        slug: KriSlug::parse("cves").unwrap(),
        breach_id: BreachId::default(),
        level: Level::Amber,
        opened_at: minute(at),
        reached_at: minute(at),
        value: None,
        previous_value: None,
    };
    ToldBreach { reached, open: true, chain: Vec::new() }
}

fn link(workflow: u128) -> ChainLink {
    let workflow_id = WorkflowId::from(uuid::Uuid::from_u128(workflow));
    ChainLink { workflow_id, kri_id: KriId::default() }
}

/// What the workflow makes of it, and whether it makes nothing of it the second time.
fn tell(state: &mut WorkflowState, told: &ToldBreach) -> Vec<WorkflowEvent> {
    let events = state.breached(told.clone(), Vec::new()).unwrap();
    for event in &events {
        state.evolve(event.clone());
    }
    assert_eq!(state.breached(told.clone(), Vec::new()), Ok(Vec::new()), "told again");
    events
}

#[test]
fn a_run_carries_the_chain_that_led_to_it_with_itself_at_the_end() {
    let mut state = active(on("cves", "next_breach"), 0);
    let events = tell(&mut state, &ToldBreach { chain: vec![link(7)], ..told(1) });
    let [WorkflowEvent::RunStarted(started)] = events.as_slice() else { panic!("{events:?}") };
    let own = ChainLink { workflow_id: state.id, kri_id: KriId::default() };
    assert_eq!(started.chain, [link(7), own]);
}

#[test]
fn a_circle_and_a_chain_too_long_are_stopped_and_told_of_once() {
    let own = ChainLink { workflow_id: WorkflowId::default(), kri_id: KriId::default() };
    let long: Vec<_> = (1..).map(link).take(LONGEST_CHAIN).collect();
    for chain in [vec![own], vec![link(7), own, link(8)], long] {
        let mut state = active(on("cves", "next_breach"), 0);
        let events = tell(&mut state, &ToldBreach { chain, ..told(1) });
        let [WorkflowEvent::RunMissed(missed)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(missed.why, MissedWhy::Loop);
    }
    let mut state = active(on("cves", "next_breach"), 0);
    let chain = (1..).map(link).take(LONGEST_CHAIN - 1).collect();
    let events = tell(&mut state, &ToldBreach { chain, ..told(1) });
    assert!(matches!(events.as_slice(), [WorkflowEvent::RunStarted(_)]), "the last that is let by");
}

#[test]
fn a_breach_from_before_the_trigger_pointed_at_its_kri_is_from_before() {
    for (on_activate, runs) in [("next_breach", 0), ("open_breach", 1)] {
        let mut state = active(on("other", on_activate), 0);
        let definition = Box::new(on("cves", on_activate));
        let (version, provenance, at) = (2, Provenance::Written, minute(10));
        state.evolve(WorkflowEvent::Edited(WorkflowEdited { version, definition, provenance, at }));
        assert_eq!(tell(&mut state, &told(5)).len(), runs, "{on_activate}");
    }
}

#[test]
fn a_breach_from_before_that_is_over_counts_for_nobody() {
    let mut state = active(on("cves", "open_breach"), 10);
    assert_eq!(tell(&mut state, &ToldBreach { open: false, ..told(5) }), Vec::new());
    let after = ToldBreach { open: false, ..told(11) };
    assert_eq!(tell(&mut state, &after).len(), 1, "one from after it is answered, however short it was");
}

#[test]
fn a_pause_misses_what_comes_while_the_trigger_would_have_counted_it() {
    use crate::workflow::event::WorkflowPaused;

    let mut state = active(on("cves", "next_breach"), 10);
    state.evolve(WorkflowEvent::Paused(WorkflowPaused { version: 1 }));
    assert_eq!(tell(&mut state, &told(5)), Vec::new(), "before activation");
    let events = tell(&mut state, &told(11));
    let [WorkflowEvent::RunMissed(missed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(missed.why, MissedWhy::Paused);
}
