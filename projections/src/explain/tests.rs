//! Explanations under test: what they say, and that they name exactly what they hang on.

use draxis_domain::kri::{BreachCommand, Kri, KriBody, KriCommand, NewReading, Operator, Status};
use draxis_domain::source::{RunTrigger, Schedule, SourceCommand};
use draxis_domain::workflow::WorkflowEvent;
use draxis_domain::{EventSet, Recorded, RunId, Sequence, TenantEvent};
use proptest::prelude::*;
use serde_json::{Value, json};
use ulid::Ulid;

use super::{CauseOf, Explaining, Explanation};
use crate::memory::fold_in_memory;
use crate::risk_model::{RiskModel, RiskModelRow};
use crate::told::{Thing, Told, adjust, any, at, q, read, source_id};

fn explained(events: &[Recorded<TenantEvent>], kri: &str) -> Option<Explanation> {
    let mut explaining = Explaining::new(kri.parse().unwrap());
    for told in events {
        explaining.tell(told);
    }
    explaining.explained()
}

fn roles(explanation: &Explanation) -> Vec<String> {
    let told = serde_json::to_value(explanation).unwrap();
    let role = |cause: &Value| cause["role"].as_str().unwrap().to_owned();
    told["causes"].as_array().unwrap().iter().map(role).collect()
}

fn codes(explanation: &Explanation) -> Vec<&'static str> {
    explanation.why_not.iter().map(|why| why.code).collect()
}

/// Takes each event out in turn: the answer is another one exactly where the event was named.
fn hangs_on_what_it_names(events: &[Recorded<TenantEvent>], kri: &str) -> Result<(), TestCaseError> {
    let whole = explained(events, kri);
    let named = whole.as_ref().map(Explanation::named).unwrap_or_default();
    for taken in events {
        let rest: Vec<_> = events.iter().filter(|told| told.position != taken.position).cloned().collect();
        let without = explained(&rest, kri);
        let changed = without != whole;
        prop_assert_eq!(
            changed,
            named.contains(&taken.event_id),
            "without {} {:?}:\n{:#?}\nwith it:\n{:#?}",
            taken.position,
            taken.event,
            without,
            whole
        );
    }
    Ok(())
}

fn correct(reading: u64, to: Option<i64>) -> KriCommand {
    KriCommand::Correct { reading: Sequence::new(reading), past: None, to: to.map(q) }
}

/// A workflow's event, as it would be read from the log.
fn workflow(told: &mut Told, id: u128, minute: i64, event_type: &str, payload: &Value) {
    let event = WorkflowEvent::decode(event_type, 1, &payload.to_string()).unwrap();
    told.tell(&Ulid(id).to_string(), minute, TenantEvent::Workflow(event));
}

fn definition(kri: &str, level: &str) -> Value {
    json!({
        "schemaVersion": 1, "name": "Tell the admins", "owners": [{"role": "tenant_admin"}],
        "trigger": {"type": "kri_breach", "kri": kri, "level": level},
        "steps": [{"id": "tell", "type": "notify_owner", "subject": "Please look", "body": "Something needs you."}],
    })
}

fn drafted(told: &mut Told, id: u128, kri: &str, level: &str) {
    let payload = json!({"id": Ulid(id).to_string(), "definition": definition(kri, level)});
    workflow(told, id, 1, "workflow.drafted", &payload);
}

fn activated(told: &mut Told, id: u128, minute: i64) {
    workflow(told, id, minute, "workflow.activated", &json!({"version": 1, "at": at(minute)}));
}

fn reached(kri: &Thing<Kri>) -> Value {
    let breach = kri.present().episodes.open.clone().unwrap();
    json!({
        "kind": "kri_breach", "kri": kri.id, "slug": kri.present().body.slug, "breachId": breach.id,
        "level": breach.level, "openedAt": breach.opened_at, "reachedAt": breach.opened_at,
    })
}

#[test]
fn a_red_value_is_traced_to_its_run_its_thresholds_and_its_breach() {
    let mut told = Told::default();
    let mut source = told.source();
    let mut kri = told.kri(1, "");
    let run_id = RunId::new(Ulid(9));
    told.when(&mut source, 5, SourceCommand::StartRun { run_id, trigger: RunTrigger::Manual });
    let reading = NewReading {
        value: q(25),
        observed_at: at(6),
        source_id: Some(source_id()),
        run_id: Some(run_id),
        note: None,
        expires_at: None,
    };
    told.when(&mut kri, 6, KriCommand::RecordReading(reading));
    told.when(&mut kri, 7, adjust(1, Operator::Increment, 2, 7));
    let explanation = explained(&told.events, &kri.id).unwrap();
    assert_eq!((explanation.value, explanation.status), (Some(q(27)), Status::Red));
    assert_eq!(
        roles(&explanation),
        ["definition", "thresholds", "run", "reading", "breach_opened", "adjustment"]
    );
    assert_eq!(codes(&explanation), ["no_workflow"]);
    let told = serde_json::to_value(&explanation.causes[2]).unwrap();
    assert_eq!((&told["type"], &told["position"]), (&json!("source.run_started"), &json!(3)));
    assert_eq!(told["actor"], format!("account:{}", Ulid::nil()));
}

#[test]
fn an_edit_of_the_thresholds_is_what_the_colour_hangs_on() {
    let mut told = Told::default();
    let mut kri = told.kri(1, "");
    told.reads(&mut kri, 10, 9);
    let body = Box::new(KriBody { warn: q(8), ..kri.present().body.clone() });
    told.when(&mut kri, 20, KriCommand::Edit { body, schedule: Some(Schedule::Hourly) });
    let explanation = explained(&told.events, &kri.id).unwrap();
    assert_eq!(explanation.status, Status::Amber);
    assert_eq!(roles(&explanation), ["definition", "reading", "thresholds", "breach_opened"]);
}

#[test]
fn why_no_breach_is_open_is_said() {
    let mut told = Told::default();
    let mut kri = told.kri(1, r#","flapping":{"openAfter":2}"#);
    let code = |told: &Told, kri: &Thing<Kri>| codes(&explained(&told.events, &kri.id).unwrap())[0];
    assert_eq!(code(&told, &kri), "never_measured");
    told.reads(&mut kri, 10, 5);
    assert_eq!(code(&told, &kri), "healthy");
    told.reads(&mut kri, 11, 15);
    assert_eq!(code(&told, &kri), "waiting");
    told.reads(&mut kri, 12, 15);
    assert_eq!(code(&told, &kri), "no_workflow", "a breach is open");
    let id = kri.open_breach();
    told.when(&mut kri, 13, KriCommand::Breach { id, command: BreachCommand::Close });
    assert_eq!(code(&told, &kri), "settled");
    for reading in [2, 3, 4] {
        told.when(&mut kri, 14, correct(reading, None));
    }
    assert_eq!(code(&told, &kri), "withdrawn");
    told.when(&mut kri, 15, KriCommand::Archive);
    assert_eq!(code(&told, &kri), "archived");
}

#[test]
fn a_breach_that_stays_open_though_the_value_is_healthy_says_what_it_waits_for() {
    let mut told = Told::default();
    let mut kri = told.kri(1, r#","flapping":{"recovery":"5","closeAfter":2}"#);
    told.reads(&mut kri, 10, 15);
    told.reads(&mut kri, 11, 7);
    let explanation = explained(&told.events, &kri.id).unwrap();
    assert_eq!((explanation.status, codes(&explanation)), (Status::Green, vec!["waiting", "no_workflow"]));
    assert_eq!(explanation.why_not[0].what, "close");
}

#[test]
fn a_value_that_grew_stale_names_what_told_so() {
    let mut told = Told::default();
    let mut kri = told.kri(1, "");
    told.reads(&mut kri, 10, 5);
    assert!(!explained(&told.events, &kri.id).unwrap().stale);
    told.when(&mut kri, 130, KriCommand::MarkStale);
    let explanation = explained(&told.events, &kri.id).unwrap();
    assert!(explanation.stale);
    assert_eq!(roles(&explanation).last().map(String::as_str), Some("went_stale"));
}

#[test]
fn a_workflow_that_ran_is_a_cause_and_one_that_did_not_says_why() {
    let mut told = Told::default();
    let mut kri = told.kri(1, "");
    let slug = kri.present().body.slug.as_str().to_owned();
    for (id, level) in [
        (11, "amber"),
        (12, "amber"),
        (13, "red"),
        (14, "amber"),
        (15, "amber"),
        (16, "amber"),
        (17, "amber"),
    ] {
        drafted(&mut told, id, &slug, level);
    }
    for id in [11, 13, 14, 16, 17] {
        activated(&mut told, id, 2);
    }
    workflow(&mut told, 14, 3, "workflow.paused", &json!({"version": 1}));
    let elsewhere = json!({"version": 2, "definition": definition("another", "amber"), "at": at(3)});
    workflow(&mut told, 17, 3, "workflow.edited", &elsewhere);
    told.reads(&mut kri, 10, 15);
    let started = json!({
        "runId": Ulid(99).to_string(), "key": "breach", "trigger": reached(&kri), "version": 1,
        "definition": definition(&slug, "amber"),
    });
    workflow(&mut told, 11, 11, "workflow.run_started", &started);
    activated(&mut told, 15, 12);
    let missed = json!({"why": "overlap", "what": reached(&kri)});
    workflow(&mut told, 16, 12, "workflow.run_missed", &missed);
    let explanation = explained(&told.events, &kri.id).unwrap();
    assert_eq!(roles(&explanation).last().map(String::as_str), Some("workflow_run"));
    assert_eq!(
        codes(&explanation),
        ["draft", "level_not_reached", "paused", "opened_before", "missed", "points_elsewhere"]
    );
    hangs_on_what_it_names(&told.events, &kri.id).unwrap();
}

#[test]
fn a_kri_that_was_never_defined_is_not_explained() {
    assert_eq!(explained(&[], &Ulid(1).to_string()), None);
}

/// A stream in which a KRI waits for several readings, and its values are corrected and withdrawn.
fn damped() -> impl Strategy<Value = Told> {
    let step = (0..12_u8, 0..30_i64, 0..40_i64, 2..20_u64);
    proptest::collection::vec(step, 0..40).prop_map(|steps| {
        let mut told = Told::default();
        let mut kri = told.kri(1, r#","flapping":{"openAfter":2,"closeAfter":3,"recovery":"6"}"#);
        for (minute, (what, value, time, reading)) in (40_i64..).step_by(7).zip(steps) {
            let open = kri.present().episodes.open.as_ref().map(|open| open.id);
            let command = match what {
                0..6 => read(value, time),
                6 => correct(reading, Some(value)),
                7 => correct(reading, None),
                8 => adjust(u128::from(reading), Operator::Decrement, value, time),
                9 => KriCommand::MarkStale,
                10 => {
                    KriCommand::Reschedule(Some(if value < 15 { Schedule::Hourly } else { Schedule::Daily }))
                }
                _ => match open {
                    Some(id) => KriCommand::Breach { id, command: BreachCommand::Close },
                    None => continue,
                },
            };
            told.when(&mut kri, minute, command);
        }
        told
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn an_explanation_hangs_on_what_it_names_and_on_nothing_else(told in any::stream()) {
        for kri in [1, 2, 3] {
            hangs_on_what_it_names(&told.events, &Ulid(kri).to_string())?;
        }
    }

    #[test]
    fn so_it_does_where_breaches_wait_and_readings_are_withdrawn(told in damped()) {
        hangs_on_what_it_names(&told.events, &Ulid(1).to_string())?;
    }

    #[test]
    fn what_is_explained_is_what_the_dashboard_shows(told in prop_oneof![any::stream(), damped()]) {
        for row in fold_in_memory::<RiskModel>(&told.events).into_values() {
            let RiskModelRow::Kri(row) = row else { continue };
            let explanation = explained(&told.events, &row.id.to_string()).unwrap();
            prop_assert_eq!((explanation.value, explanation.status), (row.value, row.status));
            prop_assert_eq!(explanation.stale_at, row.stale_at);
            prop_assert!(explanation.stale || !row.stale, "{:#?}", explanation);
            let breach = explanation.breach.as_ref().map(|open| (open.id, open.level));
            prop_assert_eq!(breach, row.breach.map(|open| (open.id, open.level)));
            let current = explanation.causes.iter().filter(|cause| matches!(cause.of, CauseOf::Reading { current: true, .. }));
            prop_assert_eq!(current.count(), usize::from(row.value.is_some()));
        }
    }
}
