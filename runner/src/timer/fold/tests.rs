//! What events leave due, told as a source's and a KRI's story.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use draxis_domain::approval::{Approval, ApprovalCommand, WithdrawnWhy};
use draxis_domain::kri::{
    Adjustment, Change as ValueChange, KriBody, KriCommand, KriEvent, NewReading, Operator,
};
use draxis_domain::kri::{BreachCommand, Kri};
use draxis_domain::source::{
    RunFailure, RunSummary, RunTrigger, Schedule, Source, SourceBody, SourceCommand,
};
use draxis_domain::{
    Actor, EventId, KriId, Metadata, Moment, Quantity, Root, RunId, Sequence, SourceId, TenantEvent,
};
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use ulid::Ulid;

use super::{Memo, Timer, TimerKey, Told, changes};
use crate::timer::TimerKind;

const SOURCE: SourceId = SourceId::new(Ulid(7));
const KRI: KriId = KriId::new(Ulid(8));

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap() + Duration::minutes(minute)
}

/// Aggregates that decide, and the timers that their events leave.
#[derive(Default)]
struct Story {
    source: Source,
    kri: Kri,
    told: Vec<Told>,
    timers: BTreeMap<TimerKey, Timer>,
}

impl Story {
    fn begin(schedule: Schedule) -> Self {
        let mut story = Self::default();
        story.source(0, SourceCommand::Connect { id: SOURCE, body: body(schedule), secret: None });
        story
    }

    fn with_kri(schedule: Schedule) -> Self {
        let mut story = Self::begin(schedule);
        let body: KriBody = serde_json::from_value(serde_json::json!({
            "slug": "unpatched", "name": "Unpatched", "unit": "count", "sourceId": SOURCE,
            "direction": "higher_is_worse", "warn": "10", "critical": "20",
        }))
        .unwrap();
        story.kri(0, KriCommand::Define { id: KRI, body: Box::new(body), schedule: Some(schedule) });
        story
    }

    fn source(&mut self, minute: i64, command: SourceCommand) -> usize {
        let moment = Moment::new(at(minute), Actor::Runner);
        let events = Root::decide(&self.source, command, &moment).unwrap_or_default();
        for event in events.clone() {
            evolve(&mut self.source, event.clone());
            self.tell(minute, SOURCE.to_string(), TenantEvent::Source(event));
        }
        events.len()
    }

    fn kri(&mut self, minute: i64, command: KriCommand) -> Vec<KriEvent> {
        let moment = Moment::new(at(minute), Actor::Runner);
        let events = Root::decide(&self.kri, command, &moment).unwrap();
        for event in events.clone() {
            evolve(&mut self.kri, event.clone());
            self.tell(minute, KRI.to_string(), TenantEvent::Kri(event));
        }
        events
    }

    fn approval(&mut self, mut approval: Approval, minute: i64, command: ApprovalCommand) -> Approval {
        let moment = Moment::new(at(minute), Actor::Runner);
        for event in Root::decide(&approval, command, &moment).unwrap() {
            evolve(&mut approval, event.clone());
            self.tell(minute, "01KAMK3ED0APPRVA0000000000".to_owned(), TenantEvent::Approval(event));
        }
        approval
    }

    fn tell(&mut self, minute: i64, aggregate_id: String, event: TenantEvent) {
        let event_id = EventId::new(Ulid(u128::try_from(self.told.len()).unwrap() + 1));
        let sequence = Sequence::new(u64::try_from(self.told.len()).unwrap() + 1);
        let metadata = Metadata::by(Actor::Runner);
        let told = Told { event_id, recorded_at: at(minute), aggregate_id, sequence, metadata, event };
        fold(&mut self.timers, &told);
        self.told.push(told);
    }

    fn due(&self, kind: TimerKind) -> Option<DateTime<Utc>> {
        self.timers.iter().find(|(key, _)| key.kind == kind).and_then(|(_, timer)| timer.due_at)
    }

    fn next_run(&self) -> Option<DateTime<Utc>> {
        self.due(TimerKind::SourceRun)
    }

    fn run(&mut self, from: i64, to: i64, trigger: RunTrigger) {
        let run_id = RunId::new(Ulid(u128::from(from.unsigned_abs()) + 100));
        assert_eq!(self.source(from, SourceCommand::StartRun { run_id, trigger }), 1);
        assert_eq!(self.source(to, SourceCommand::CompleteRun { run_id, summary: RunSummary::default() }), 1);
    }
}

fn evolve<A: Root>(state: &mut A, event: A::Event) {
    state.apply(event);
}

fn fold(timers: &mut BTreeMap<TimerKey, Timer>, told: &Told) {
    for (key, change) in changes(told) {
        let before = timers.remove(&key);
        if let Some(after) = change.apply(before, told) {
            timers.insert(key, after);
        }
    }
}

fn body(schedule: Schedule) -> SourceBody {
    serde_json::from_value(serde_json::json!({
        "name": "Scanner", "sourceType": "vulnerability", "vendor": "tenable-io", "schedule": schedule,
    }))
    .unwrap()
}

fn slot(schedule: Schedule, after: i64) -> Option<DateTime<Utc>> {
    schedule.slot_after(SOURCE, at(after))
}

fn minute(of: DateTime<Utc>) -> i64 {
    (of - at(0)).num_minutes() + 1
}

fn reading(observed: i64) -> KriCommand {
    KriCommand::RecordReading(NewReading {
        value: Quantity::new(15.into()),
        observed_at: at(observed),
        source_id: Some(SOURCE),
        run_id: None,
        note: None,
        expires_at: None,
    })
}

#[test]
fn a_source_is_due_at_its_next_slot_and_a_run_moves_it_to_the_one_after() {
    let mut story = Story::begin(Schedule::Hourly);
    let due = story.next_run().unwrap();
    assert_eq!(Some(due), slot(Schedule::Hourly, 0));
    let late = minute(due) + 10;
    story.run(late, late + 2, RunTrigger::Scheduled { due_at: due });
    assert_eq!(story.next_run(), Some(due + Duration::hours(1)), "a slot again, not an hour after the run");
}

#[test]
fn slots_missed_while_nobody_looked_are_run_once_on_return() {
    let mut story = Story::begin(Schedule::Hourly);
    let due = story.next_run().unwrap();
    let back = minute(due) + 5 * 60;
    story.run(back, back + 1, RunTrigger::Scheduled { due_at: due });
    assert_eq!(story.next_run(), slot(Schedule::Hourly, back + 1));
}

#[test]
fn a_slot_that_passes_while_a_run_is_under_way_is_skipped() {
    let mut story = Story::begin(Schedule::Hourly);
    let due = story.next_run().unwrap();
    story.run(minute(due) - 3, minute(due) + 3, RunTrigger::Manual);
    assert_eq!(story.next_run(), Some(due + Duration::hours(1)));
}

#[test]
fn a_manual_run_between_slots_leaves_the_next_one_due() {
    let mut story = Story::begin(Schedule::Daily);
    let due = story.next_run();
    story.run(1, 2, RunTrigger::Manual);
    assert_eq!(story.next_run(), due);
}

#[test]
fn what_is_paused_archived_or_run_by_hand_only_is_never_due() {
    let mut story = Story::begin(Schedule::Hourly);
    story.source(1, SourceCommand::Pause);
    assert_eq!(story.next_run(), None);
    story.run(200, 201, RunTrigger::Manual);
    assert_eq!(story.next_run(), None, "a run by hand does not wake the schedule");
    story.source(300, SourceCommand::Resume);
    assert_eq!(story.next_run(), slot(Schedule::Hourly, 300), "what it missed meanwhile is not made up for");
    story.source(301, SourceCommand::Edit { body: body(Schedule::Manual), secret: None });
    assert_eq!(story.next_run(), None);
    story.source(302, SourceCommand::Edit { body: body(Schedule::Weekly), secret: None });
    assert_eq!(story.next_run(), slot(Schedule::Weekly, 302));
    story.source(303, SourceCommand::Archive);
    assert!(story.timers.is_empty(), "nothing of an archived source is left: {:?}", story.timers);
}

#[test]
fn a_run_that_does_not_end_is_looked_at_when_it_must_have() {
    let mut story = Story::begin(Schedule::Daily);
    let run_id = RunId::new(Ulid(9));
    story.source(10, SourceCommand::StartRun { run_id, trigger: RunTrigger::Manual });
    assert_eq!(story.due(TimerKind::RunLost), Some(at(10) + Source::RUN_LIMIT));
    story.source(30, SourceCommand::FailRun { run_id, failure: RunFailure::lost() });
    assert_eq!(story.due(TimerKind::RunLost), None);
}

#[test]
fn a_run_that_takes_a_lost_ones_place_has_its_own_end() {
    let mut story = Story::begin(Schedule::Daily);
    let start = |n| SourceCommand::StartRun { run_id: RunId::new(Ulid(n)), trigger: RunTrigger::Manual };
    story.source(10, start(1));
    assert_eq!(story.source(40, start(2)), 2, "the lost one fails, the new one begins");
    assert_eq!(story.due(TimerKind::RunLost), Some(at(40) + Source::RUN_LIMIT));
}

#[test]
fn a_reading_is_due_to_grow_stale_until_a_fresh_one_or_the_word_itself() {
    let mut story = Story::with_kri(Schedule::Hourly);
    story.kri(1, reading(1));
    assert_eq!(story.due(TimerKind::KriStale), Some(at(121)));
    story.kri(60, reading(60));
    assert_eq!(story.due(TimerKind::KriStale), Some(at(180)));
    let change = ValueChange {
        operation: Operator::Decrement,
        amount: Quantity::new(1.into()),
        floor: Quantity::ZERO,
    };
    let adjust = Adjustment { id: EventId::new(Ulid(99)), change, effective_at: at(70) };
    story.kri(70, KriCommand::Adjust(adjust));
    assert_eq!(story.due(TimerKind::KriStale), Some(at(180)), "an adjustment refreshes nothing");
    story.kri(80, KriCommand::Reschedule(Some(Schedule::Daily)));
    assert_eq!(story.due(TimerKind::KriStale), Some(at(60) + Duration::hours(36)));
    let late = 60 + 36 * 60;
    assert_eq!(story.kri(late, KriCommand::MarkStale).len(), 1);
    assert_eq!(story.due(TimerKind::KriStale), None);
    story.kri(late + 1, reading(late + 1));
    story.kri(late + 2, KriCommand::Archive);
    assert_eq!(story.due(TimerKind::KriStale), None);
}

#[test]
fn a_silenced_breach_is_due_to_speak_up_unless_something_else_ends_the_silence() {
    let mut story = Story::with_kri(Schedule::Hourly);
    story.kri(1, reading(1));
    let id = match &story.kri {
        Kri::Present(kri) => kri.episodes.open.as_ref().unwrap().id,
        Kri::Absent => panic!("no KRI"),
    };
    let breach = |command| KriCommand::Breach { id, command };
    story.kri(2, breach(BreachCommand::Snooze { until: at(60) }));
    assert_eq!(story.due(TimerKind::BreachWake), Some(at(60)));
    story.kri(3, breach(BreachCommand::Snooze { until: at(90) }));
    assert_eq!(story.due(TimerKind::BreachWake), Some(at(90)));
    story.kri(4, breach(BreachCommand::Acknowledge));
    assert_eq!(story.due(TimerKind::BreachWake), Some(at(90)));
    story.kri(5, breach(BreachCommand::Close));
    assert_eq!(story.due(TimerKind::BreachWake), None);
}

#[test]
fn kris_hear_of_another_pace_and_of_one_they_were_defined_against() {
    let mut story = Story::with_kri(Schedule::Hourly);
    assert_eq!(story.due(TimerKind::KriReschedule), None, "it was defined by the source's own pace");
    story.source(5, SourceCommand::Edit { body: body(Schedule::Daily), secret: None });
    assert_eq!(story.due(TimerKind::KriReschedule), Some(at(5)));
    let wiring = story.timers.iter().find(|(key, _)| key.kind == TimerKind::KriReschedule).unwrap().1;
    assert!(matches!(&wiring.memo, Memo::Wiring(wiring) if wiring.kris.contains(&KRI)));

    let mut late = Story::begin(Schedule::Hourly);
    late.source(5, SourceCommand::Edit { body: body(Schedule::Daily), secret: None });
    assert_eq!(late.due(TimerKind::KriReschedule), None, "there is no KRI to tell");
    let body: KriBody = serde_json::from_value(serde_json::json!({
        "slug": "unpatched", "name": "Unpatched", "unit": "count", "sourceId": SOURCE,
        "direction": "higher_is_worse", "warn": "10", "critical": "20",
    }))
    .unwrap();
    late.kri(6, KriCommand::Define { id: KRI, body: Box::new(body), schedule: Some(Schedule::Hourly) });
    assert_eq!(late.due(TimerKind::KriReschedule), Some(at(6)), "it was looked up before the edit");
}

#[test]
fn a_memo_reads_back_as_it_was_written() {
    let mut story = Story::with_kri(Schedule::Hourly);
    story.source(5, SourceCommand::Pause);
    for timer in story.timers.values() {
        let stored = serde_json::to_string(&timer.memo).unwrap();
        assert_eq!(serde_json::from_str::<Memo>(&stored).unwrap(), timer.memo, "{stored}");
    }
}

fn commands() -> impl Strategy<Value = Vec<(i64, u8)>> {
    proptest::collection::vec((0..90_i64, prop_oneof![Just(0_u8), 1..9_u8]), 0..60)
}

proptest! {
    /// However a source lives, its next run is a slot ahead of all that was folded, unless a slot waits for a run that has
    /// not begun; and a run under way always has its end.
    #[test]
    fn a_source_in_use_is_always_due_on_its_grid(steps in commands()) {
        let mut story = Story::begin(Schedule::Hourly);
        let (mut now, mut paused, mut running, mut schedule) = (0, false, None, Schedule::Hourly);
        for (pause, step) in steps {
            now += pause;
            let run_id = RunId::new(Ulid(u128::from(now.unsigned_abs()) + 1_000));
            match step {
                0 | 1 => {
                    let trigger = match story.next_run().filter(|due| *due <= at(now)) {
                        Some(due_at) => RunTrigger::Scheduled { due_at },
                        None => RunTrigger::Manual,
                    };
                    if story.source(now, SourceCommand::StartRun { run_id, trigger }) > 0 {
                        running = Some(run_id);
                    }
                }
                2 | 3 => if let Some(run_id) = running.take() {
                    story.source(now, SourceCommand::CompleteRun { run_id, summary: RunSummary::default() });
                },
                4 => { story.source(now, SourceCommand::Pause); paused = true; }
                5 => { story.source(now, SourceCommand::Resume); paused = false; }
                6..=8 => {
                    schedule = [Schedule::Hourly, Schedule::Daily, Schedule::Manual][usize::from(step - 6)];
                    story.source(now, SourceCommand::Edit { body: body(schedule), secret: None });
                }
                _ => unreachable!(),
            }
            let due = story.next_run();
            prop_assert_eq!(due.is_none(), paused || schedule == Schedule::Manual);
            if let Some(due) = due {
                prop_assert_eq!(schedule.slot_after(SOURCE, due - Duration::milliseconds(1)), Some(due));
            }
            let under_way = matches!(&story.source, Source::Present(source) if source.running.is_some());
            prop_assert_eq!(story.due(TimerKind::RunLost).is_some(), under_way);
        }
        let mut again = BTreeMap::new();
        story.told.iter().for_each(|told| fold(&mut again, told));
        prop_assert!(again == story.timers);
    }
}

#[test]
fn an_approval_is_due_at_whatever_comes_next_until_it_ends() {
    let asked = |next| {
        serde_json::from_value(serde_json::json!({
            "id": "01KAMK3ED0APPRVA0000000000", "workflowId": "01KAMK3ED0WRKF000000000000", "workflowName": "Patch",
            "runId": "01KAMK3ED0RVN0000000000000", "step": "approve", "round": 1, "question": "Was it done?",
            "plan": [], "digest": "d", "approvers": {}, "required": 1, "veto": true, "requesterMayApprove": false,
            "askedAt": at(0), "dueAt": at(90), "onTimeout": "reject", "nextAt": next,
            "remindAt": [at(30)], "escalation": {"at": at(60), "to": {}},
        }))
        .unwrap()
    };
    let mut story = Story::default();
    let approval = Approval::default();
    let mut approval = story.approval(approval, 0, ApprovalCommand::Request(Box::new(asked(at(0)))));
    for (minute, next) in [(29, Some(30)), (30, Some(60)), (60, Some(90)), (90, None)] {
        approval = story.approval(approval, minute, ApprovalCommand::Tick);
        assert_eq!(story.due(TimerKind::ApprovalDue), next.map(at), "{minute}");
    }
    let approval = story.approval(Approval::default(), 0, ApprovalCommand::Request(Box::new(asked(at(0)))));
    story.approval(approval, 1, ApprovalCommand::Withdraw { why: WithdrawnWhy::RunMovedOn });
    assert_eq!(story.due(TimerKind::ApprovalDue), None);
}
