//! Hazard H3, the proof at the relays: 1,000 effects against far systems that fail in every way make 1,000 tickets.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;

use super::rig::{Rig, Set, effect, issue, jira, record, servicenow};
use crate::far_systems::{FarSystem, Mishap, Odds, System};
use crate::relay::{EffectContent, EffectOutcome, EffectRequest, LookUp};

const EFFECTS: u32 = 1000;
/// How many searches the index may miss a new issue.
const LAG: u64 = 3;
/// More attempts than the worst luck takes.
const ATTEMPTS: u32 = 200;

fn all() -> usize {
    usize::try_from(EFFECTS).unwrap()
}

/// What is done when it is not known whether an effect was done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// Look it up, and believe that it is not there only when the index has had its time.
    LookUp,
    /// The control: look it up and believe at once.
    LookUpOnce,
    /// The control: send it again.
    SendAgain,
}

/// Takes one effect through its ledger, from planned to confirmed. How long the index may take is counted in questions here.
async fn drive(rig: &Rig, set: &Set, request: &EffectRequest, habit: Habit) -> String {
    for _ in 0..ATTEMPTS {
        match rig.send(set, request).await {
            EffectOutcome::Confirmed { reference } => return reference.name,
            EffectOutcome::Rejected { .. } => {} // Again, by itself or by somebody who has looked at the credentials.
            EffectOutcome::Ambiguous { .. } => {
                if let Some(name) = reconcile(rig, set, request, habit).await {
                    return name;
                }
            }
        }
    }
    panic!("{ATTEMPTS} attempts were not enough")
}

async fn reconcile(rig: &Rig, set: &Set, request: &EffectRequest, habit: Habit) -> Option<String> {
    let believed_after = match habit {
        Habit::LookUp => LAG + 1,
        Habit::LookUpOnce => 1,
        Habit::SendAgain => return None,
    };
    let mut absences = 0;
    for _ in 0..ATTEMPTS {
        match rig.look_up(set, request).await {
            Ok(LookUp::Found(reference)) => return Some(reference.name),
            Ok(LookUp::NotFound) => absences += 1,
            Ok(LookUp::CannotKnow | LookUp::Failed(_)) | Err(_) => {}
        }
        if absences >= believed_after {
            return None;
        }
    }
    panic!("{ATTEMPTS} questions were not enough")
}

fn errands() -> Odds {
    Odds::never()
        .with(Mishap::DropUndone, 80)
        .with(Mishap::DoneThenDrop, 80)
        .with(Mishap::FailUndone, 60)
        .with(Mishap::DoneThenFail, 60)
        .with(Mishap::DoneThenGarble, 40)
        .with(Mishap::Busy(1), 60)
        .with(Mishap::RefuseLogin, 20)
        .with(Mishap::Slow(Duration::from_secs(3)), 3)
}

fn questions() -> Odds {
    Odds::never()
        .with(Mishap::DropUndone, 60)
        .with(Mishap::FailUndone, 60)
        .with(Mishap::DoneThenGarble, 30)
        .with(Mishap::Busy(1), 60)
        .with(Mishap::RefuseLogin, 40)
}

/// Drives so many effects, eight at a time, and answers with what each was told its ticket is called.
async fn drive_all(
    set: &Set,
    (effects, what): (u32, EffectContent),
    habit: Habit,
) -> BTreeMap<String, String> {
    let rig = Rig::new();
    let numbers = futures_util::stream::iter(1..=effects);
    let driven = numbers.map(|number| {
        let (rig, request) = (&rig, effect(number, what.clone()));
        async move { (request.effect_id.to_string(), drive(rig, set, &request, habit).await) }
    });
    driven.buffer_unordered(8).collect().await
}

fn fail_in_every_way<S: System>(far: &FarSystem<S>, seed: u64) {
    far.misbehave(errands(), questions(), seed);
}

/// Effect by effect what its ticket is called, as Jira has it; and how many tickets there are.
fn in_jira(far: &FarSystem<crate::far_systems::FarJira>) -> (BTreeMap<String, String>, usize) {
    far.with(|jira| {
        let named = |issue: &crate::far_systems::JiraIssue| {
            let effect = issue.labels.iter().find_map(|label| label.strip_prefix("draxis-")).unwrap();
            (effect.to_owned(), issue.key.clone())
        };
        (jira.issues().iter().map(named).collect(), jira.issues().len())
    })
}

#[tokio::test]
async fn a_thousand_effects_make_a_thousand_issues() {
    let far = jira().await;
    fail_in_every_way(&far, 1);
    far.with(|jira| jira.lag(LAG, 2));
    let told = drive_all(&Set::jira(&far.url()), (EFFECTS, issue()), Habit::LookUp).await;
    let (there, tickets) = in_jira(&far);
    assert_eq!((told.len(), tickets), (all(), all()));
    assert_eq!(told, there, "each effect knows its own issue");
}

#[tokio::test]
async fn a_thousand_effects_make_a_thousand_records() {
    let far = servicenow().await;
    fail_in_every_way(&far, 3);
    let told = drive_all(&Set::servicenow(&far.url()), (EFFECTS, record()), Habit::LookUp).await;
    let there: BTreeMap<String, String> = far.with(|now| {
        assert_eq!(now.records("incident").len(), all());
        now.records("incident")
            .iter()
            .map(|one| (one["correlation_id"].clone(), one["number"].clone()))
            .collect()
    });
    assert_eq!(told, there, "each effect knows its own record");
}

#[tokio::test]
async fn without_a_look_up_or_with_one_that_is_believed_at_once_there_are_duplicates() {
    for habit in [Habit::SendAgain, Habit::LookUpOnce] {
        let far = jira().await;
        fail_in_every_way(&far, 1);
        far.with(|jira| jira.lag(LAG, 2));
        drive_all(&Set::jira(&far.url()), (150, issue()), habit).await;
        let (there, tickets) = in_jira(&far);
        assert_eq!(there.len(), 150);
        assert!(tickets > 150, "the proof can turn red: {tickets}");
    }
}
