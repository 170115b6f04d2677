//! One run of one source: ask, read, measure; what could not be read whole is left unmeasured.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use jaq_json::Val;
use rust_decimal::Decimal;

use super::credentials::Credentials;
use super::document;
use super::exchange::{Exchange, Means};
use super::expression::{EvaluationError, Scope, decimal_of};
use super::fetch::Fetch;
use super::gather::Gatherer;
use super::manifest::{Kri, Manifest};
use super::report::{ErrorClass, Measured, RunError, RunReport, Trouble, Unmeasured, Why};
use super::settings::{Budget, SourceSettings};

/// How a run reaches the outside.
#[derive(Clone, Copy)]
pub struct Reach<'a> {
    /// The source's secrets.
    pub credentials: &'a Credentials,
    /// The way out.
    pub fetch: &'a dyn Fetch,
    /// What may be spent.
    pub budget: Budget,
}

/// Runs a source once against the run's clock.
pub async fn run(
    manifest: &Manifest,
    settings: &SourceSettings,
    reach: Reach<'_>,
    now: DateTime<Utc>,
) -> RunReport {
    let (wanted, skipped): (Vec<&Kri>, Vec<&Kri>) =
        manifest.kris.iter().partition(|kri| settings.wants(&kri.slug));
    let config = settings.filled(manifest);
    let means = Means { credentials: reach.credentials, fetch: reach.fetch, budget: reach.budget };
    let scope = scope(&config, now);
    let mut gatherer = Gatherer {
        exchange: Exchange::new(manifest, &config, now, &means),
        scope: scope.clone(),
        base_url: settings.base_url.as_deref().filter(|url| !url.trim().is_empty()),
        items_seen: 0,
        first_page_only: false,
    };
    let mut report =
        RunReport { skipped: skipped.iter().map(|kri| kri.slug.clone()).collect(), ..Default::default() };
    let answers = answers(manifest, &wanted, &mut gatherer, &mut report).await;
    for kri in wanted {
        match measure(kri, &answers, &scope).await {
            Ok(value) => {
                report.values.push(Measured { slug: kri.slug.clone(), value, read_from: kri.needs.clone() });
            }
            Err((why, text)) => report.unmeasured.push(Unmeasured { slug: kri.slug.clone(), why, text }),
        }
    }
    report.requests_made = gatherer.exchange.spending.requests;
    report.bytes = gatherer.exchange.spending.bytes;
    report.items_seen = gatherer.items_seen;
    if report.values.is_empty() && report.error.is_none() {
        report.error = first_trouble(manifest, &answers);
    }
    report
}

/// What expressions may read besides the answers.
pub(crate) fn scope(config: &BTreeMap<String, String>, now: DateTime<Utc>) -> Scope {
    let config = config.iter().map(|(key, value)| (key.clone(), Val::from(value.clone())));
    Scope { now, config: document::object(config) }
}

/// What came of each request that was needed.
pub(crate) type Answers = BTreeMap<String, Result<Val, Trouble>>;

async fn answers(
    manifest: &Manifest,
    wanted: &[&Kri],
    gatherer: &mut Gatherer<'_>,
    report: &mut RunReport,
) -> Answers {
    let needed = needed(manifest, wanted);
    let mut answers = Answers::new();
    if needed.is_empty() {
        return answers;
    }
    let mut whole = BTreeMap::new();
    let mut stopped = gatherer.exchange.authenticate().await.err();
    report.error = stopped.as_ref().map(|trouble| RunError {
        class: trouble.class,
        request: None,
        text: trouble.text.clone(),
    });
    for request in manifest.requests.iter().filter(|request| needed.contains(request.id.as_str())) {
        let missing =
            request.after.iter().find_map(|id| answers.get(id).and_then(|answer| answer.as_ref().err()));
        let outcome = match (&stopped, missing) {
            (Some(trouble), _) | (None, Some(trouble)) => Err(trouble.clone()),
            (None, None) => {
                gatherer.gather(request, &whole).await.map_err(|trouble| trouble.reading(&request.reads))
            }
        };
        match &outcome {
            Ok(answer) => {
                whole.insert(request.id.clone(), answer.clone());
            }
            Err(trouble) if stopped.is_none() && missing.is_none() => {
                report.warnings.push(warning(trouble, request.permission.as_deref()));
                if trouble.stops() {
                    report.error = Some(trouble.clone().at(&request.id));
                    stopped = Some(trouble.clone());
                }
            }
            Err(_) => {}
        }
        answers.insert(request.id.clone(), outcome);
    }
    answers
}

fn warning(trouble: &Trouble, permission: Option<&str>) -> String {
    match (trouble.class, permission) {
        (ErrorClass::Permission, Some(permission)) => format!("{}; it needs {permission}", trouble.text),
        _ => trouble.text.clone(),
    }
}

/// The requests the wanted KRIs need, and those they need in turn.
pub(crate) fn needed<'m>(manifest: &'m Manifest, wanted: &[&'m Kri]) -> BTreeSet<&'m str> {
    let mut needed: BTreeSet<&str> = wanted.iter().flat_map(|kri| &kri.needs).map(String::as_str).collect();
    // A request is only ever after one above it, so one pass from the end finds all.
    for request in manifest.requests.iter().rev() {
        if needed.contains(request.id.as_str()) {
            needed.extend(request.after.iter().map(String::as_str));
        }
    }
    needed
}

pub(crate) async fn measure(kri: &Kri, answers: &Answers, scope: &Scope) -> Result<Decimal, (Why, String)> {
    let mut input = Vec::new();
    for need in &kri.needs {
        match answers.get(need) {
            Some(Ok(answer)) => input.push((need.clone(), answer.clone())),
            Some(Err(trouble)) => return Err((trouble.why(), trouble.text.clone())),
            None => return Err((Why::Failed, "it was not asked for".to_owned())),
        }
    }
    let input = document::object(input);
    let unreadable = |error: EvaluationError| (Why::Shape, error.to_string());
    if let Some(population) = &kri.population {
        let looked_at = population.one_apart(input.clone(), scope).await.map_err(unreadable)?;
        let looked_at = decimal_of(&looked_at).ok_or_else(|| unreadable(EvaluationError::Shape))?;
        if looked_at <= Decimal::ZERO {
            return Err(nothing());
        }
    }
    let value = kri.value.one_apart(input, scope).await.map_err(unreadable)?;
    if matches!(value, Val::Null) {
        return Err(nothing());
    }
    decimal_of(&value).ok_or_else(|| unreadable(EvaluationError::Shape))
}

fn nothing() -> (Why, String) {
    (
        Why::NothingToMeasure,
        "the vendor knows of nothing to measure, which is not the same as zero".to_owned(),
    )
}

/// When nothing was measured, the first trouble is the run's error.
fn first_trouble(manifest: &Manifest, answers: &Answers) -> Option<RunError> {
    manifest.requests.iter().find_map(|request| {
        let trouble = answers.get(&request.id)?.as_ref().err()?;
        Some(trouble.clone().at(&request.id))
    })
}

#[cfg(test)]
mod tests;
