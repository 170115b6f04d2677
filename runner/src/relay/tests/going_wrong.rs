//! Hazard H3, relay by relay: which failures are surely undone, and which leave open what happened.

use std::time::Duration;

use super::rig::{Rig, Set, delivery, effect, issue, letter, message, receiver, record};
use crate::egress::AllowedNetworks;
use crate::egress::far_server::{Authority, FarServer, Manner};
use crate::far_systems::{FarSystem, Mishap, System};
use crate::mail::loopback::{SmtpFault, SmtpPlan, SmtpServer};
use crate::relay::{EffectOutcome, EffectRequest};

/// What an attempt comes to.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Done,
    /// Class, whether it may be retried, how long to wait.
    Undone(&'static str, bool, Option<u64>),
    Open,
}

fn came(outcome: &EffectOutcome) -> Came {
    match outcome {
        EffectOutcome::Confirmed { .. } => Came::Done,
        EffectOutcome::Rejected { class, retryable, retry_after, detail } => {
            assert!(!detail.is_empty());
            Came::Undone(class, *retryable, retry_after.map(|time| time.as_secs()))
        }
        EffectOutcome::Ambiguous { .. } => Came::Open,
    }
}

const LONG: Duration = Duration::from_mins(1);

/// Each mishap, what it comes to, and how often the thing was done.
fn cases(login: &'static str, garbled: Came) -> Vec<(Mishap, Came, usize)> {
    vec![
        (Mishap::None, Came::Done, 1),
        (Mishap::DropUndone, Came::Open, 0),
        (Mishap::DoneThenDrop, Came::Open, 1),
        (Mishap::FailUndone, Came::Open, 0),
        (Mishap::DoneThenFail, Came::Open, 1),
        (Mishap::DoneThenGarble, garbled, 1),
        (Mishap::Busy(7), Came::Undone("relay.busy", true, Some(7)), 0),
        (Mishap::RefuseLogin, Came::Undone(login, false, None), 0),
        (Mishap::Slow(LONG), Came::Open, 1),
    ]
}

async fn each_mishap<S: System>(
    far: FarSystem<S>,
    (set, request): (Set, EffectRequest),
    cases: Vec<(Mishap, Came, usize)>,
    made: impl Fn(&mut S) -> usize,
) {
    let rig = Rig::new();
    for (mishap, expected, times) in cases {
        let (before, requests) = (far.with(&made), far.requests());
        far.script([mishap]);
        let outcome = rig.send(&set, &request).await;
        assert_eq!(came(&outcome), expected, "{mishap:?}: {outcome:?}");
        assert_eq!(far.with(&made) - before, times, "{mishap:?}");
        assert_eq!(far.requests() - requests, 1, "{mishap:?}: nothing is sent again by itself");
    }
}

#[tokio::test]
async fn jira() {
    let far = super::rig::jira().await;
    let what = (Set::jira(&far.url()), effect(7, issue()));
    each_mishap(far, what, cases("relay.credentials", Came::Open), |jira| jira.issues().len()).await;
}

#[tokio::test]
async fn servicenow() {
    let far = super::rig::servicenow().await;
    let what = (Set::servicenow(&far.url()), effect(7, record()));
    each_mishap(far, what, cases("relay.credentials", Came::Open), |now| now.records("incident").len()).await;
}

#[tokio::test]
async fn slack_by_its_api() {
    let far = super::rig::slack().await;
    let what = (Set::slack(&far.url()), effect(7, message("alerts")));
    each_mishap(far, what, cases("relay.credentials", Came::Open), |slack| slack.messages().len()).await;
}

#[tokio::test]
async fn slack_by_an_incoming_webhook() {
    let far = super::rig::slack().await;
    let what = (Set::slack_webhook(&far.url()), effect(7, message("")));
    each_mishap(far, what, cases("relay.permission", Came::Done), |slack| slack.messages().len()).await;
}

#[tokio::test]
async fn signed_webhooks() {
    let far = receiver().await;
    let what = (Set::webhook(&far.url()), effect(7, delivery()));
    each_mishap(far, what, cases("relay.credentials", Came::Done), |far| far.deliveries().len()).await;
}

#[tokio::test]
async fn what_slack_says_in_words_is_read_for_what_was_done() {
    let far = super::rig::slack().await;
    let (rig, set, request) = (Rig::new(), Set::slack(&far.url()), effect(7, message("alerts")));
    let cases = [
        ("fatal_error", Came::Open),
        ("internal_error", Came::Open),
        ("rate_limited", Came::Undone("relay.busy", true, None)),
        ("token_revoked", Came::Undone("relay.credentials", false, None)),
        ("missing_scope", Came::Undone("relay.permission", false, None)),
        ("not_in_channel", Came::Undone("relay.content", false, None)),
        ("is_archived", Came::Undone("relay.content", false, None)),
        ("msg_too_long", Came::Undone("relay.content", false, None)),
        ("a_word_of_tomorrow", Came::Undone("relay.refused", false, None)),
    ];
    for (word, expected) in cases {
        far.with(|slack| slack.say(word));
        let outcome = rig.send(&set, &request).await;
        assert_eq!(came(&outcome), expected, "{word}: {outcome:?}");
    }
}

#[tokio::test]
async fn mail() {
    let cases = [
        (SmtpFault::None, Came::Done, 1),
        (SmtpFault::HangUpOnConnect, Came::Undone("mail.connect", true, None), 0),
        (SmtpFault::StallOnConnect, Came::Undone("mail.timeout", true, None), 0),
        (SmtpFault::RefuseRecipients(450), Came::Undone("mail.deferred", true, None), 0),
        (SmtpFault::RefuseRecipients(550), Came::Undone("mail.rejected", false, None), 0),
        (SmtpFault::HangUpBeforeLetter, Came::Undone("mail.interrupted", true, None), 0),
        (SmtpFault::RefuseLetter(451), Came::Undone("mail.deferred", true, None), 0),
        (SmtpFault::RefuseLetter(554), Came::Undone("mail.rejected", false, None), 0),
        (SmtpFault::KeepThenHangUp, Came::Open, 1),
        (SmtpFault::KeepThenStall, Came::Open, 1),
    ];
    for (fault, expected, times) in cases {
        let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
        server.set_fault(fault);
        let outcome = Rig::new().send(&Set::email(server.port()), &effect(7, letter())).await;
        assert_eq!(came(&outcome), expected, "{fault:?}: {outcome:?}");
        assert_eq!(server.letters().len(), times, "{fault:?}");
    }
}

#[tokio::test]
async fn before_the_request_is_written_nothing_was_done_and_it_may_be_tried_again() {
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("http://{}", taken.local_addr().unwrap());
    let far = super::rig::jira().await;
    let rig = Rig::new();
    let stranger = FarServer::start_tls(Manner::Silent, Authority::new().server("127.0.0.1")).await;
    let stranger_url = format!("https://127.0.0.1:{}", stranger.port());
    for (url, class) in [
        (nobody.as_str(), "egress.connect"),
        ("https://unknown.example", "egress.name"),
        (stranger_url.as_str(), "egress.tls"),
        ("https://10.0.0.1", "egress.refused"),
    ] {
        let outcome = rig.send(&Set::jira(url), &effect(7, issue())).await;
        assert_eq!(came(&outcome), Came::Undone(class, true, None), "{url}: {outcome:?}");
    }
    let closed = Rig::within(AllowedNetworks::none());
    let outcome = closed.send(&Set::jira(&far.url()), &effect(7, issue())).await;
    assert_eq!(came(&outcome), Came::Undone("egress.refused", true, None), "{outcome:?}");
    assert!(far.with(|jira| jira.issues().is_empty()));
}
