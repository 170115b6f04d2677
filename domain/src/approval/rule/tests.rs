//! What is decided and refused, told as the story of one approval.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use ulid::Ulid;

use crate::account::Role;
use crate::approval::{
    Approval, ApprovalCommand, ApprovalEvent, ApprovalRequested, ApprovalStanding, ApprovalState, Ballot,
    DecidedBy, Decision, Handover, OccasionKind, WithdrawnWhy,
};
use crate::{AccountId, Actor, Comment, Moment, Rejection};

const USER: [Role; 1] = [Role::TenantUser];
const ADMIN: [Role; 1] = [Role::TenantAdmin];

fn account(n: u128) -> AccountId {
    AccountId::new(Ulid(n))
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::hours(hour)
}

/// Asked at hour 0, due at hour 72: of accounts 1, 2 and 3, who decide alone, with a veto, and never of account 9, who asked.
fn asked(change: &serde_json::Value) -> ApprovalRequested {
    let mut body = json!({
        "id": "01KAMK3ED0APPRVA0000000000", "workflowId": "01KAMK3ED0WRKF000000000000", "workflowName": "Patch",
        "runId": "01KAMK3ED0RVN0000000000000", "step": "approve", "round": 1, "question": "Was it done?",
        "plan": ["emit patch_applied"], "digest": "d1", "approvers": {"accounts": [account(1), account(2), account(3)]},
        "required": 1, "veto": true, "requester": account(9), "requesterMayApprove": false, "askedAt": at(0),
        "dueAt": at(72), "onTimeout": "reject", "nextAt": at(0),
    });
    for (key, value) in change.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    serde_json::from_value(body).unwrap()
}

/// An approval and what is done to it.
struct Story(Approval);

impl Story {
    fn begin(change: &serde_json::Value) -> Self {
        let mut story = Self(Approval::default());
        story.give(0, Actor::Runner, ApprovalCommand::Request(Box::new(asked(change)))).unwrap();
        story
    }

    fn state(&self) -> &ApprovalState {
        self.0.state().unwrap()
    }

    fn give(
        &mut self,
        hour: i64,
        by: Actor,
        command: ApprovalCommand,
    ) -> Result<Vec<ApprovalEvent>, Rejection> {
        self.at(&Moment::new(at(hour), by), command)
    }

    fn at(&mut self, moment: &Moment, command: ApprovalCommand) -> Result<Vec<ApprovalEvent>, Rejection> {
        let events = self.0.decide(command, moment)?;
        events.iter().cloned().for_each(|event| self.0.evolve(event));
        Ok(events)
    }

    fn says(
        &mut self,
        who: u128,
        roles: &[Role],
        (decision, comment): (Decision, &str),
    ) -> Result<usize, Rejection> {
        let ballot = ballot(roles, decision, comment);
        Ok(self.give(1, Actor::Account(account(who)), ApprovalCommand::Vote(ballot))?.len())
    }

    fn approves(&mut self, who: u128) -> Result<usize, Rejection> {
        self.says(who, &USER, (Decision::Approved, ""))
    }

    fn rejects(&mut self, who: u128) -> Result<usize, Rejection> {
        self.says(who, &USER, (Decision::Rejected, "not yet"))
    }

    fn hands_over(&mut self, from: u128, to: u128) -> Result<usize, Rejection> {
        let handover =
            Handover { roles: USER.into(), to: account(to), to_roles: BTreeSet::from([Role::TenantUser]) };
        Ok(self.give(1, Actor::Account(account(from)), ApprovalCommand::Delegate(handover))?.len())
    }

    fn tick(&mut self, hour: i64) -> Vec<ApprovalEvent> {
        self.give(hour, Actor::Runner, ApprovalCommand::Tick).unwrap()
    }

    fn outcome(&self) -> (ApprovalStanding, Option<DecidedBy>) {
        (self.state().standing(), self.state().decided().map(|decided| decided.by))
    }
}

fn ballot(roles: &[Role], decision: Decision, comment: &str) -> Ballot {
    let roles = roles.iter().copied().collect();
    Ballot { roles, decision, comment: Comment::parse(comment).ok(), digest: "d1".to_owned() }
}

fn code<T: std::fmt::Debug>(refused: Result<T, Rejection>) -> &'static str {
    match refused.unwrap_err() {
        Rejection::Conflict { code, .. } | Rejection::Invalid { code, .. } => code,
        Rejection::NotFound { noun } => noun,
        Rejection::Stale { .. } | Rejection::Taken { .. } => panic!("no such refusal here"),
    }
}

#[test]
fn what_was_never_asked_for_is_not_there() {
    let mut nothing = Story(Approval::default());
    assert_eq!(code(nothing.approves(1)), "approval");
    assert_eq!(code(nothing.give(0, Actor::Runner, ApprovalCommand::Tick)), "approval");
}

#[test]
fn asking_twice_is_asking_once_and_something_else_is_no_second_asking() {
    let mut story = Story::begin(&json!({}));
    let again = |change| ApprovalCommand::Request(Box::new(asked(&change)));
    assert_eq!(story.give(5, Actor::Runner, again(json!({"askedAt": at(5)}))).unwrap(), vec![]);
    assert_eq!(code(story.give(5, Actor::Runner, again(json!({"digest": "d2"})))), "approval.asked");
}

#[test]
fn the_first_final_decision_wins_and_a_late_vote_is_told_the_outcome() {
    let mut story = Story::begin(&json!({}));
    assert_eq!(story.approves(1), Ok(2), "a vote, and with it the decision");
    assert_eq!(story.outcome(), (ApprovalStanding::Approved, Some(DecidedBy::Votes)));
    let late = story.rejects(2).unwrap_err();
    assert!(matches!(late, Rejection::Conflict { code: "approval.decided", .. }));
    assert!(
        late.to_string().contains("it was approved by those who were asked at 1970-01-01 01:00:00"),
        "{late}"
    );
    assert_eq!(story.tick(100), vec![], "the time-out comes too late too");
    assert_eq!(story.outcome(), (ApprovalStanding::Approved, Some(DecidedBy::Votes)));
}

#[test]
fn two_of_three_are_two_people() {
    let mut story = Story::begin(&json!({"required": 2}));
    assert_eq!(story.approves(1), Ok(1));
    assert_eq!(story.approves(1), Ok(0), "the same vote again is no second one");
    assert_eq!(story.outcome().0, ApprovalStanding::Open);
    assert_eq!(code(story.rejects(1)), "approval.voted");
    assert_eq!(story.approves(3), Ok(2));
    assert_eq!(story.outcome(), (ApprovalStanding::Approved, Some(DecidedBy::Votes)));
    assert_eq!(story.approves(1), Ok(0), "it still holds");
}

#[test]
fn one_rejection_decides_where_there_is_a_veto() {
    let mut story = Story::begin(&json!({"required": 2}));
    story.approves(1).unwrap();
    assert_eq!(story.rejects(2), Ok(2));
    assert_eq!(story.outcome(), (ApprovalStanding::Rejected, Some(DecidedBy::Veto)));
}

#[test]
fn without_a_veto_rejections_decide_once_too_few_are_left_to_approve() {
    let mut story = Story::begin(&json!({"required": 2, "veto": false}));
    assert_eq!(story.rejects(1), Ok(1), "two are left");
    assert_eq!(story.rejects(2), Ok(2), "one is left");
    assert_eq!(story.outcome(), (ApprovalStanding::Rejected, Some(DecidedBy::Votes)));

    let later = json!({"at": at(24), "to": {"accounts": [account(4)]}});
    let mut story = Story::begin(&json!({"required": 2, "veto": false, "escalation": later}));
    story.rejects(1).unwrap();
    assert_eq!(story.rejects(2), Ok(1), "another one will be asked");

    let mut story =
        Story::begin(&json!({"required": 3, "veto": false, "approvers": {"roles": ["tenant_user"]}}));
    assert_eq!((story.rejects(1), story.rejects(2)), (Ok(1), Ok(2)), "more than half of three");
}

#[test]
fn whoever_asked_does_not_decide_unless_they_may_and_neither_does_their_delegate() {
    let named = json!({"accounts": [account(1), account(9)]});
    let mut story = Story::begin(&json!({"approvers": named}));
    assert_eq!(code(story.approves(9)), "approval.requester");
    assert_eq!(code(story.hands_over(9, 5)), "approval.requester");
    assert_eq!(code(story.hands_over(1, 9)), "approval.requester");
    assert!(!story.state().waits_for(account(9), &USER.into()));
    let mut story = Story::begin(&json!({"approvers": named, "requesterMayApprove": true}));
    assert_eq!(story.approves(9), Ok(2));
}

#[test]
fn a_vote_is_for_what_was_read_and_for_nothing_else() {
    let mut story = Story::begin(&json!({}));
    let other = Ballot { digest: "d0".to_owned(), ..ballot(&USER, Decision::Approved, "") };
    let vote = ApprovalCommand::Vote(other);
    assert_eq!(code(story.give(1, Actor::Account(account(1)), vote)), "approval.changed");
    story.give(1, Actor::Runner, ApprovalCommand::Withdraw { why: WithdrawnWhy::AskedAgain }).unwrap();
    assert_eq!(code(story.approves(1)), "approval.changed");
}

#[test]
fn who_is_not_asked_does_not_decide() {
    let mut story =
        Story::begin(&json!({"approvers": {"accounts": [account(1)], "roles": ["tenant_admin"]}}));
    assert_eq!(code(story.approves(2)), "approval.not_yours");
    assert_eq!(
        code(story.says(1, &[], (Decision::Approved, ""))),
        "approval.not_yours",
        "no member any more"
    );
    let auditor = story.says(1, &[Role::Auditor], (Decision::Approved, ""));
    assert_eq!(code(auditor), "approval.not_yours", "auditors only read");
    assert_eq!(story.says(7, &ADMIN, (Decision::Approved, "")), Ok(2), "whoever holds the role then");
}

#[test]
fn machines_and_impersonators_decide_nothing() {
    let mut story =
        Story::begin(&json!({"approvers": {"accounts": [account(1)], "roles": ["tenant_admin"]}}));
    let vote = || ApprovalCommand::Vote(ballot(&ADMIN, Decision::Approved, ""));
    assert_eq!(code(story.give(1, Actor::ApiToken(Ulid(5)), vote())), "approval.person");
    let actor = Actor::Account(account(1));
    let acting = Moment { impersonator: Some(account(1)), ..Moment::new(at(1), actor) };
    assert_eq!(code(story.at(&acting, vote())), "approval.impersonator");
    assert_eq!(story.outcome().0, ApprovalStanding::Open);
}

#[test]
fn a_rejection_says_why() {
    let mut story = Story::begin(&json!({}));
    assert_eq!(code(story.says(1, &USER, (Decision::Rejected, ""))), "approval.comment");
    assert_eq!(story.rejects(1), Ok(2));
}

#[test]
fn a_say_that_was_handed_over_is_had_by_one_person_only() {
    let mut story = Story::begin(&json!({"required": 2}));
    assert_eq!(story.hands_over(1, 5), Ok(1));
    assert_eq!(story.hands_over(1, 5), Ok(0), "it holds already");
    assert_eq!(code(story.approves(1)), "approval.not_yours");
    assert_eq!(code(story.hands_over(1, 6)), "approval.not_yours");
    assert_eq!(code(story.hands_over(7, 6)), "approval.not_yours", "nobody hands over what they do not have");
    assert_eq!(code(story.hands_over(2, 5)), "approval.delegate_decides", "nobody gets two");
    assert_eq!(code(story.hands_over(2, 3)), "approval.delegate_decides");
    assert_eq!(code(story.hands_over(2, 2)), "approval.delegate");
}

#[test]
fn a_say_wanders_on_until_it_is_used_and_is_given_to_members_only() {
    let mut story = Story::begin(&json!({"required": 2}));
    story.hands_over(1, 5).unwrap();
    assert_eq!(story.hands_over(5, 6), Ok(1));
    assert_eq!(code(story.approves(5)), "approval.not_yours");
    assert_eq!(story.approves(6), Ok(1));
    assert_eq!(code(story.hands_over(6, 8)), "approval.voted");
    assert_eq!(story.hands_over(2, 1), Ok(1), "who has none any more can get one");
    assert_eq!(story.approves(1), Ok(2));
    let nobody = Handover { roles: USER.into(), to: account(8), to_roles: BTreeSet::new() };
    let mut story = Story::begin(&json!({}));
    let refused = story.give(1, Actor::Account(account(1)), ApprovalCommand::Delegate(nobody));
    assert_eq!(code(refused), "approval.delegate", "only to a member");
}

#[test]
fn rejections_count_by_who_has_a_say_after_it_was_handed_over() {
    let mut story = Story::begin(&json!({"required": 2, "veto": false}));
    story.hands_over(1, 5).unwrap();
    assert_eq!((story.rejects(5), story.rejects(2)), (Ok(1), Ok(2)));
}

#[test]
fn time_reminds_then_asks_others_then_decides() {
    let escalation = json!({"at": at(48), "to": {"roles": ["tenant_admin"]}});
    let mut story =
        Story::begin(&json!({"required": 2, "remindAt": [at(60), at(24)], "escalation": escalation}));
    assert_eq!(story.state().next_at, at(24));
    assert_eq!(story.tick(23), vec![], "too early");
    story.approves(1).unwrap();
    assert!(
        matches!(&story.tick(24)[..], [ApprovalEvent::Reminded(it)] if it.count == 1 && it.next_at == at(48))
    );
    assert_eq!(story.tick(24), vec![], "once");
    assert_eq!(code(story.says(7, &ADMIN, (Decision::Approved, ""))), "approval.not_yours", "not asked yet");
    assert!(matches!(&story.tick(48)[..], [ApprovalEvent::Escalated(it)] if it.next_at == at(60)));
    assert!(
        matches!(&story.tick(61)[..], [ApprovalEvent::Reminded(it)] if it.count == 2 && it.next_at == at(72))
    );
    assert_eq!(story.says(7, &ADMIN, (Decision::Approved, "")), Ok(2), "who was asked later decides as well");
}

#[test]
fn who_is_written_to_is_kept_as_it_was_then() {
    let escalation = json!({"at": at(48), "to": {"roles": ["tenant_admin"]}});
    let mut story =
        Story::begin(&json!({"required": 2, "remindAt": [at(60), at(24)], "escalation": escalation}));
    story.approves(1).unwrap();
    for hour in [24, 48, 61] {
        story.tick(hour);
    }
    let kinds: Vec<OccasionKind> = story.state().occasions().iter().map(|it| it.what).collect();
    let reminded = |count| OccasionKind::Reminded { count };
    assert_eq!(kinds, [OccasionKind::Asked, reminded(1), OccasionKind::Escalated, reminded(2)]);
    let first = &story.state().occasions()[1];
    assert_eq!(first.to.accounts, BTreeSet::from([account(2), account(3)]), "who has voted is left alone");
    assert!(first.besides.contains(&account(1)) && first.besides.contains(&account(9)));
}

#[test]
fn what_was_missed_while_nobody_looked_is_made_up_for_once() {
    let escalation = json!({"at": at(30), "to": {"accounts": [account(4)]}});
    let reminders = [at(12), at(24), at(36)];
    let mut story = Story::begin(&json!({"remindAt": reminders, "escalation": escalation}));
    let [ApprovalEvent::Escalated(escalated), ApprovalEvent::Reminded(reminded)] = &story.tick(40)[..] else {
        panic!("others are asked, then those who have not answered are reminded")
    };
    assert_eq!((escalated.next_at, reminded.count, reminded.next_at), (at(12), 3, at(72)));
}

#[test]
fn when_it_is_due_the_time_out_decides_as_it_was_agreed() {
    for (agreed, standing) in [
        ("approve", ApprovalStanding::Approved),
        ("reject", ApprovalStanding::Rejected),
        ("fail", ApprovalStanding::TimedOut),
    ] {
        let mut story = Story::begin(&json!({ "onTimeout": agreed }));
        assert_eq!(story.tick(71), vec![], "not before it is due");
        let mut story = Story::begin(&json!({"onTimeout": agreed, "remindAt": [at(24)]}));
        assert_eq!(story.tick(72).len(), 1, "no reminder that comes too late");
        assert_eq!(story.outcome(), (standing, Some(DecidedBy::Timeout)));
        assert_eq!(code(story.approves(1)), "approval.decided");
    }
}

#[test]
fn what_nobody_needs_to_decide_any_more_is_over() {
    let mut story = Story::begin(&json!({}));
    let withdraw = || ApprovalCommand::Withdraw { why: WithdrawnWhy::RunMovedOn };
    assert_eq!(story.give(1, Actor::Runner, withdraw()).unwrap().len(), 1);
    assert_eq!(story.give(1, Actor::Runner, withdraw()).unwrap(), vec![]);
    assert_eq!(code(story.approves(1)), "approval.withdrawn");
    assert_eq!(story.tick(100), vec![]);
    assert_eq!(story.outcome(), (ApprovalStanding::Withdrawn, None));
}
