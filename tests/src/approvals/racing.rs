//! Races: whatever comes at the same instant from two programs, there is one outcome, and everybody is told the same.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use draxis_commands::approval::NewVote;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::account::Role;
use draxis_domain::approval::{Approval, DecidedBy, Decision};
use draxis_domain::{Actor, ApprovalId, Rejection};
use draxis_event_store::Clock as _;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::scene::{ADMIN, DIGEST, OTHER_USER, Scene, USER, new_run, question};
use crate::house::{Process, long, whole_stream};

/// How many are asked, voted on and timed out at once.
const AT_ONCE: usize = 16;

/// A scene, a second program on its database whose clock says that time is over, and somebody who votes.
struct Race {
    scene: Scene,
    other: Process,
    voter: Caller,
}

impl Race {
    async fn set() -> Self {
        let scene = Scene::set().await;
        let other = Process::start(&scene.stage.database).await;
        other.clock.advance(Duration::days(30));
        let actor = Actor::Account(scene.account(USER).parse().unwrap());
        let voter = Caller { actor, role: Role::TenantUser, ..Caller::runner(scene.tenant) };
        Self { scene, other, voter }
    }

    /// Asks, and lets a vote and the time-out go at it at once; in every second race the other one begins.
    async fn run(&self, n: usize) -> (ApprovalId, Result<(), CommandError>) {
        let commands = &self.scene.web().app.commands;
        let approvers = json!({"accounts": [self.voter.actor.account().unwrap()]});
        let asked = question(new_run(), self.scene.web().clock.now(), &json!({"approvers": approvers}));
        let id = asked.id;
        commands.request_approval(&self.scene.runner(), asked).await.unwrap();
        let voter = Context::of(self.voter.clone());
        let vote = NewVote { decision: Decision::Approved, comment: None, digest: DIGEST.to_owned() };
        let vote = commands.vote_on_approval(&voter, id, vote);
        let runner = self.scene.runner();
        // A vote is looked up before it is cast. Who lets time pass looks as long, so that neither has a start.
        let over = async {
            self.other.commands.roles_of_caller(&self.voter).await?;
            self.other.commands.tick_approval(&runner, id).await
        };
        let (voted, over) = if n.is_multiple_of(2) {
            tokio::join!(vote, over)
        } else {
            let (over, voted) = tokio::join!(over, vote);
            (voted, over)
        };
        over.unwrap();
        (id, voted.map(drop))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_out_and_an_approval_at_the_same_instant_come_to_one_outcome() {
    let race = Race::set().await;
    let races = if long() { 10_000 } else { 200 };
    let told: Vec<_> = stream::iter(0..races).map(|n| race.run(n)).buffer_unordered(AT_ONCE).collect().await;
    let mut outcomes = BTreeMap::new();
    for (id, voted) in &told {
        let approval: Approval = race.other.commands.load(race.scene.tenant, &id.to_string()).await.unwrap();
        let decided = approval.state().unwrap().decided().unwrap().by;
        match voted {
            Ok(()) => assert_eq!(decided, DecidedBy::Votes, "who was told that it counts was right"),
            Err(CommandError::Rejected(Rejection::Conflict { code: "approval.decided", .. })) => {
                assert_eq!(decided, DecidedBy::Timeout, "who was told that it is too late was right");
            }
            Err(error) => panic!("{error:?}"),
        }
        *outcomes.entry(format!("{decided:?}")).or_insert(0_usize) += 1;
    }
    let events = whole_stream(&race.other.pools.app, race.scene.tenant).await;
    let decided: Vec<&String> =
        events.iter().filter(|it| it.event_type == "approval.decided").map(|it| &it.aggregate_id).collect();
    assert_eq!(decided.len(), races, "one outcome each: {outcomes:?}");
    assert_eq!(decided.iter().collect::<BTreeSet<_>>().len(), races);
    // Which of them wins is for the machine to say; that each race has one winner is not.
    assert_eq!(outcomes.values().sum::<usize>(), races, "{outcomes:?}");
    race.other.end().await;
    race.scene.stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_votes_at_the_same_instant_each_person_counts_once() {
    let scene = Scene::set().await;
    for _ in 0..if long() { 100 } else { 5 } {
        let asked = scene.ask(&json!({"approvers": scene.three(), "required": 3})).await;
        let votes = [ADMIN, USER, OTHER_USER, ADMIN, USER, OTHER_USER, ADMIN, USER, OTHER_USER]
            .map(|n| scene.vote(scene.token(n), &asked, "approved"));
        for told in futures_util::future::join_all(votes).await {
            told.expect(200);
        }
        let shown = scene.read(scene.token(ADMIN), &asked).await;
        assert_eq!((&shown["state"], shown["votes"].as_array().unwrap().len()), (&json!("approved"), 3));
    }
    scene.stage.web.stop().await;
}
