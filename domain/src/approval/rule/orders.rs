//! Whatever order votes, ticks, handovers and withdrawals come in: one decision at most, and nobody counts twice.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::json;
use ulid::Ulid;

use crate::account::Role;
use crate::approval::{
    Approval, ApprovalCommand, ApprovalEvent, Ballot, DecidedBy, Decision, Handover, WithdrawnWhy,
};
use crate::{AccountId, Actor, Comment, Moment};

/// What happens next, and how many hours after what happened before.
#[derive(Debug, Clone, Copy)]
enum Next {
    Vote(usize, Decision, bool),
    Delegate(usize, usize),
    Tick,
    Withdraw(WithdrawnWhy),
}

/// People: the last one started the run, the one before reads only.
const PEOPLE: usize = 7;

fn account(n: usize) -> AccountId {
    AccountId::new(Ulid(u128::try_from(n).unwrap() + 1))
}

fn roles(n: usize) -> BTreeSet<Role> {
    let role = match n {
        0 | 1 => Role::TenantAdmin,
        5 => Role::Auditor,
        _ => Role::TenantUser,
    };
    BTreeSet::from([role])
}

fn at(hour: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::hours(hour)
}

fn nexts() -> impl Strategy<Value = Vec<(i64, Next)>> {
    let decision = prop_oneof![Just(Decision::Approved), Just(Decision::Rejected)];
    let next = prop_oneof![
        8 => (0..PEOPLE, decision, proptest::bool::weighted(0.9))
            .prop_map(|(who, decision, current)| Next::Vote(who, decision, current)),
        4 => (0..PEOPLE, 0..PEOPLE).prop_map(|(from, to)| Next::Delegate(from, to)),
        3 => Just(Next::Tick),
        1 => prop_oneof![Just(WithdrawnWhy::RunMovedOn), Just(WithdrawnWhy::AskedAgain)].prop_map(Next::Withdraw),
    ];
    proptest::collection::vec((0..12_i64, next), 0..40)
}

fn asked((required, [veto, by_role, may]): (u32, [bool; 3])) -> ApprovalCommand {
    let names = [account(0), account(2), account(3), account(5), account(6)];
    let roles: &[&str] = if by_role { &["tenant_admin"] } else { &[] };
    let asked = json!({
        "id": "01KAMK3ED0APPRVA0000000000", "workflowId": "01KAMK3ED0WRKF000000000000", "workflowName": "Patch",
        "runId": "01KAMK3ED0RVN0000000000000", "step": "approve", "round": 1, "question": "Was it done?",
        "plan": [], "digest": "d1", "approvers": {"accounts": names, "roles": roles}, "required": required,
        "veto": veto, "requester": account(6), "requesterMayApprove": may, "askedAt": at(0), "dueAt": at(100),
        "remindAt": [at(20), at(60)], "escalation": {"at": at(40), "to": {"accounts": [account(4)]}},
        "onTimeout": "reject", "nextAt": at(0),
    });
    ApprovalCommand::Request(Box::new(serde_json::from_value(asked).unwrap()))
}

fn given(next: Next) -> (Actor, ApprovalCommand) {
    match next {
        Next::Vote(who, decision, current) => {
            let digest = if current { "d1" } else { "d0" }.to_owned();
            let ballot = Ballot { roles: roles(who), decision, comment: Comment::parse("so").ok(), digest };
            (Actor::Account(account(who)), ApprovalCommand::Vote(ballot))
        }
        Next::Delegate(from, to) => {
            let handover = Handover { roles: roles(from), to: account(to), to_roles: roles(to) };
            (Actor::Account(account(from)), ApprovalCommand::Delegate(handover))
        }
        Next::Tick => (Actor::Runner, ApprovalCommand::Tick),
        Next::Withdraw(why) => (Actor::Runner, ApprovalCommand::Withdraw { why }),
    }
}

proptest! {
    #[test]
    fn there_is_one_end_at_most_and_nobody_counts_twice(
        nexts in nexts(), required in 1..4_u32, veto: bool, by_role: bool, may: bool
    ) {
        let (mut approval, mut told, mut now) = (Approval::default(), Vec::new(), 0);
        let asking = approval.decide(asked((required, [veto, by_role, may])), &Moment::new(at(0), Actor::Runner));
        for event in asking.unwrap() {
            approval.evolve(event.clone());
            told.push(event);
        }
        for (pause, next) in nexts {
            now += pause;
            let (actor, command) = given(next);
            for event in approval.decide(command, &Moment::new(at(now), actor)).unwrap_or_default() {
                approval.evolve(event.clone());
                told.push(event);
            }
        }
        let is_end = |event: &&ApprovalEvent| {
            matches!(event, ApprovalEvent::Decided(_) | ApprovalEvent::Withdrawn(_))
        };
        prop_assert!(told.iter().filter(is_end).count() <= 1);
        prop_assert!(told.iter().rev().skip(1).all(|event| !is_end(&event)), "nothing comes after the end");
        let state = approval.state().unwrap();
        let voters: BTreeSet<AccountId> = state.votes.iter().map(|vote| vote.by).collect();
        prop_assert_eq!(voters.len(), state.votes.len(), "one vote a person");
        prop_assert!(!voters.contains(&account(5)), "an auditor never");
        prop_assert!(may || !voters.contains(&account(6)), "nor whoever asked");
        prop_assert!(voters.iter().all(|voter| !state.handed_over.contains_key(voter)), "nor who has handed it over");
        let names = 4 + usize::from(may);
        prop_assert!(by_role || voters.len() <= names, "as many says as people who were asked");
        let approved = state.count(Decision::Approved);
        match state.decided().map(|decided| (decided.decision, decided.by)) {
            Some((Some(Decision::Approved), DecidedBy::Votes)) => prop_assert_eq!(approved, required),
            Some((Some(Decision::Rejected), DecidedBy::Votes | DecidedBy::Veto)) => {
                prop_assert!(approved < required && state.count(Decision::Rejected) > 0);
            }
            Some(_) | None => prop_assert!(approved < required),
        }
        let again = told.iter().fold(Approval::default(), Approval::told);
        prop_assert!(again == approval, "its events say all of it");
    }
}
