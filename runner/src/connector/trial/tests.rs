//! Each step that can fail is told apart, with what to do.

use std::path::Path;

use futures_util::future::BoxFuture;

use super::*;
use crate::connector::credentials::Credentials;
use crate::connector::fetch::{Fetch, FetchError, FetchedResponse, OutgoingRequest};
use crate::connector::replay::{Replay, Vendor};
use crate::connector::settings::Budget;
use draxis_commands::secret::Secret;

/// A way out that always fails in one way, as a network does.
struct Broken(FetchError);

impl Fetch for Broken {
    fn send<'a>(&'a self, _: &'a OutgoingRequest) -> BoxFuture<'a, Result<FetchedResponse, FetchError>> {
        Box::pin(std::future::ready(Err(self.0)))
    }
}

fn okta() -> Manifest {
    Manifest::parse("okta.toml", include_str!("../../../connectors/okta.toml")).unwrap()
}

async fn tried(fetch: &dyn Fetch, domain: &str) -> TrialReport {
    let credentials = Credentials::none().with("api_token", Secret::new("made-up-api_token".to_owned()));
    let config = BTreeMap::from([("domain".to_owned(), domain.to_owned())]);
    let settings = SourceSettings { config, ..SourceSettings::default() };
    let reach = Reach { credentials: &credentials, fetch, budget: Budget::default() };
    test(&okta(), &settings, reach, "2026-03-31T12:00:00Z".parse().unwrap()).await
}

fn replies(case: &str) -> Replay {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vendors/okta").join(case);
    Replay::new(Vendor::open(&folder).unwrap(), "2026-03-31T12:00:00Z".parse().unwrap())
}

#[tokio::test]
async fn a_good_source_passes_every_step() {
    let report = tried(&replies("complete"), "acme.okta.com").await;
    assert!(report.ok && report.failed.is_none(), "{report:?}");
    assert_eq!(report.readings.len(), 4);
}

#[tokio::test]
async fn each_failure_of_the_network_is_a_step_of_its_own() {
    for (error, step) in [
        (FetchError::Name, Step::Name),
        (FetchError::RefusedAddress, Step::Address),
        (FetchError::Connect, Step::Connection),
        (FetchError::Timeout, Step::Connection),
        (FetchError::Tls, Step::Tls),
    ] {
        let report = tried(&Broken(error), "acme.okta.com").await;
        assert_eq!((report.ok, report.failed), (false, Some(step)), "{error}");
        assert!(report.passed.iter().all(|passed| *passed < step));
        assert!(!report.text.is_empty());
    }
}

#[tokio::test]
async fn refused_credentials_are_told_from_missing_rights_and_strange_answers() {
    assert_eq!(tried(&replies("refused"), "acme.okta.com").await.failed, Some(Step::Authentication));
    assert_eq!(
        tried(&Replay::new(Vendor::default(), DateTime::UNIX_EPOCH), "acme.okta.com").await.failed,
        Some(Step::Permission)
    );
    let forbidden = tried(&replies("forbidden"), "acme.okta.com").await;
    assert!(forbidden.ok, "the rest can be read");
    let admins = forbidden.readings.iter().find(|reading| !reading.ok).unwrap();
    assert_eq!(admins.kris.iter().map(ToString::to_string).collect::<Vec<_>>(), ["privileged_accounts"]);
    assert!(admins.text.as_ref().unwrap().contains("okta.roles.read"));
}

#[tokio::test]
async fn a_missing_or_strange_setting_is_found_before_anything_is_sent() {
    for domain in ["", "a b", "acme.okta.com/x?y=1", "user@acme.okta.com"] {
        let report = tried(&Broken(FetchError::Connect), domain).await;
        assert_eq!(report.failed, Some(Step::Settings), "{domain}");
    }
}

#[tokio::test]
async fn a_setting_cannot_lead_a_path_elsewhere() {
    let github =
        Manifest::parse("github.toml", include_str!("../../../connectors/github-advanced-security.toml"))
            .unwrap();
    let credentials = Credentials::none().with("token", Secret::new("made-up-token".to_owned()));
    for (organization, step) in
        [("..", Step::Settings), (".", Step::Settings), ("acme/../../user", Step::Permission)]
    {
        let config = BTreeMap::from([("organization".to_owned(), organization.to_owned())]);
        let settings = SourceSettings { config, ..SourceSettings::default() };
        let fetch = Replay::new(Vendor::default(), DateTime::UNIX_EPOCH);
        let reach = Reach { credentials: &credentials, fetch: &fetch, budget: Budget::default() };
        let report = test(&github, &settings, reach, DateTime::UNIX_EPOCH).await;
        assert_eq!(report.failed, Some(step), "{organization}");
    }
}
