//! What a batch loses, repeats and records, judged without a database.

use chrono::{DateTime, Duration};
use draxis_domain::{Claim, EventId, Position, Sequence, TenantId};

use super::{Head, Judgement, Standing};
use crate::append::{Append, AppendError, Appended, Decision, NewEvent, Unless};
use crate::receipt::{Answer, Answered, Receipt, RequestHash};

fn decision(aggregate_type: &'static str, id: &str, expected: u64) -> Decision {
    Decision {
        aggregate_type,
        aggregate_id: id.to_owned(),
        expected: Sequence::new(expected),
        events: vec![NewEvent {
            event_id: EventId::default(),
            event_type: "kri.defined",
            version: 1,
            payload: "{}".to_owned(),
        }],
        claims: Vec::new(),
        metadata: "{}".to_owned(),
    }
}

fn deciding(decisions: Vec<Decision>) -> Append {
    Append { tenant: TenantId::PLATFORM, decisions, receipt: None, unless: None }
}

fn append(id: &str, expected: u64) -> Append {
    deciding(vec![decision("kri", id, expected)])
}

fn claiming(id: &str, expected: u64, claims: Vec<Claim>) -> Append {
    deciding(vec![Decision { claims, ..decision("kri", id, expected) }])
}

fn answer() -> Answer {
    Answer { status: 201, body: b"{}".to_vec(), version: None }
}

fn keyed(id: &str, key: &str, request: u8) -> Append {
    let receipt = Receipt {
        caller: "account:1".to_owned(),
        key: key.to_owned(),
        request: RequestHash([request; 32]),
        answer: answer(),
    };
    Append { receipt: Some(receipt), ..append(id, 0) }
}

fn standing() -> Standing {
    let mut standing = Standing::default();
    standing
        .heads
        .insert(TenantId::PLATFORM, Head { position: Position::START, recorded_at: DateTime::UNIX_EPOCH });
    standing
}

fn judge(appends: &[Append]) -> Judgement {
    let (mut standing, mut judgement) = (standing(), Judgement::default());
    for append in appends {
        standing.judge(append, DateTime::UNIX_EPOCH, &mut judgement);
    }
    judgement
}

#[test]
fn a_batch_in_which_one_command_conflicts_loses_only_that_one() {
    let judgement = judge(&[append("a", 0), append("a", 0), append("b", 0), append("a", 1)]);
    let lost: Vec<bool> = judgement.results.iter().map(Result::is_err).collect();
    assert_eq!(lost, [false, true, false, false]);
    let positions: Vec<u64> = judgement.events.iter().map(|row| row.position.get()).collect();
    assert_eq!(positions, [1, 2, 3], "positions stay dense over the one that was refused");
}

#[test]
fn what_was_decided_for_several_aggregates_is_recorded_for_all_or_for_none() {
    let both = |first, second| deciding(vec![decision("workflow", "a", first), decision("run", "a", second)]);
    let judgement = judge(&[both(0, 0), both(1, 0), both(0, 1), both(1, 1)]);
    let lost: Vec<bool> = judgement.results.iter().map(Result::is_err).collect();
    assert_eq!(lost, [false, true, true, false]);
    let rows = judgement.events.iter();
    let rows: Vec<_> = rows.map(|row| (row.position.get(), row.aggregate_type, row.sequence.get())).collect();
    assert_eq!(rows, [(1, "workflow", 1), (2, "run", 1), (3, "workflow", 2), (4, "run", 2)]);
    assert!(matches!(judgement.results[3], Ok(Appended::Recorded { position, .. }) if position.get() == 4));
}

#[test]
fn a_decision_is_overtaken_by_what_stands_before_it_in_the_log_or_in_the_batch() {
    let unless = |name: &'static [&'static str]| Unless { since: Position::START, events: name };
    let unless_defined = |id: &str| Append { unless: Some(unless(&["kri.defined"])), ..append(id, 0) };
    let judgement = judge(&[unless_defined("a"), unless_defined("b"), append("c", 0)]);
    assert!(judgement.results[0].is_ok() && judgement.results[2].is_ok());
    assert_eq!(judgement.results[1], Err(AppendError::Overtaken));

    let (mut standing, mut judgement) = (standing(), Judgement::default());
    standing.overtaken.insert((TenantId::PLATFORM, unless(&["relay.removed"])));
    for name in [&["relay.removed"][..], &["relay.tested"]] {
        let append = Append { unless: Some(unless(name)), ..append(name[0], 0) };
        standing.judge(&append, DateTime::UNIX_EPOCH, &mut judgement);
    }
    assert_eq!(judgement.results[0], Err(AppendError::Overtaken));
    assert!(judgement.results[1].is_ok());

    let ahead = Unless { since: Position::new(9), events: &["relay.removed"] };
    let judgement = judge(&[Append { unless: Some(ahead), ..append("a", 0) }]);
    assert_eq!(judgement.results, [Err(AppendError::Overtaken)], "the stream was set back");
}

#[test]
fn a_name_taken_within_the_batch_is_taken() {
    let taking = |id: &str| claiming(id, 0, vec![Claim::take("kri_slug", "x")]);
    let releasing = claiming("a", 1, vec![Claim::release("kri_slug", "x")]);
    let judgement = judge(&[taking("a"), taking("b"), releasing, taking("c")]);
    assert_eq!(judgement.results[1], Err(AppendError::Taken("kri_slug")));
    assert!(judgement.results[3].is_ok());
}

#[test]
fn a_name_taken_and_released_within_the_batch_is_free_after_it() {
    let claims = vec![Claim::take("kri_slug", "x"), Claim::release("kri_slug", "x")];
    let judgement = judge(&[claiming("a", 0, claims)]);
    assert!(judgement.taken.is_empty(), "releases are written before what is taken");
}

#[test]
fn the_same_key_is_answered_once_and_repeated_and_another_body_refused() {
    let judgement = judge(&[keyed("a", "k", 1), keyed("b", "k", 1), keyed("c", "k", 2)]);
    assert!(matches!(judgement.results[0], Ok(Appended::Recorded { .. })));
    assert!(matches!(judgement.results[1], Ok(Appended::Repeated(_))));
    assert_eq!(judgement.results[2], Err(AppendError::KeyReused));
    assert_eq!(judgement.events.len(), 1);
}

#[test]
fn a_key_that_is_being_written_elsewhere_fails_alone_and_one_that_was_answered_is_repeated() {
    let (mut standing, mut judgement) = (standing(), Judgement::default());
    let key = |key: &str| (TenantId::PLATFORM, "account:1".to_owned(), key.to_owned());
    standing.in_flight.extend([key("under way"), key("just answered")]);
    let before = Answered { request: RequestHash([1; 32]), answer: answer(), position: Position::START };
    standing.receipts.insert(key("just answered"), before);
    for append in [keyed("a", "under way", 1), keyed("b", "just answered", 1), keyed("c", "free", 1)] {
        standing.judge(&append, DateTime::UNIX_EPOCH, &mut judgement);
    }
    assert_eq!(judgement.results[0], Err(AppendError::InFlight));
    assert!(matches!(judgement.results[1], Ok(Appended::Repeated(_))));
    assert!(matches!(judgement.results[2], Ok(Appended::Recorded { .. })));
}

#[test]
fn recorded_time_never_falls_when_a_clock_does() {
    let (mut standing, mut judgement) = (standing(), Judgement::default());
    let later = DateTime::UNIX_EPOCH + Duration::seconds(9);
    standing.judge(&append("a", 0), later, &mut judgement);
    standing.judge(&append("a", 1), DateTime::UNIX_EPOCH, &mut judgement);
    assert_eq!(judgement.events[1].recorded_at, later);
}
