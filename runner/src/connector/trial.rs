//! Tests a source before it is saved, and any time after: which step failed, and what to do about it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use jaq_json::Val;
use rust_decimal::Decimal;

use super::exchange::{Exchange, Means};
use super::expression::Scope;
use super::gather::Gatherer;
use super::manifest::{Kri, Manifest, Paging, Request};
use super::report::{ErrorClass, Trouble};
use super::run::{Answers, Reach, measure, needed, scope};
use super::settings::SourceSettings;

/// The steps from here to a value, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Everything is filled in and fits.
    Settings,
    /// The host's name resolves.
    Name,
    /// The address may be gone to.
    Address,
    /// Somebody answers.
    Connection,
    /// The certificate is good.
    Tls,
    /// The credentials are taken.
    Authentication,
    /// The credentials may read what is needed.
    Permission,
    /// The answers are what the manifest expects.
    Shape,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrialReport {
    /// Whether a run would measure something.
    pub ok: bool,
    /// The step that failed.
    pub failed: Option<Step>,
    /// What happened and what to do.
    pub text: String,
    /// The steps that are known to be good.
    pub passed: Vec<Step>,
    /// What can and cannot be read.
    pub readings: Vec<TrialReading>,
    /// What a run would measure now, as far as one page tells it.
    pub values: Vec<TrialValue>,
}

/// What a run would measure now.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrialValue {
    /// Which KRI.
    pub slug: super::slug::Slug,
    /// Its value, where it has one.
    #[schemars(with = "Option<String>")]
    pub value: Option<Decimal>,
    /// Why it has none.
    pub text: Option<String>,
}

/// Whether one thing can be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrialReading {
    /// What it is, such as "users".
    pub reads: String,
    /// Whether it can be read.
    pub ok: bool,
    /// Why not, and what to do.
    pub text: Option<String>,
    /// The KRIs that stay unmeasured without it.
    pub kris: Vec<super::slug::Slug>,
}

const STEPS: [Step; 8] = [
    Step::Settings,
    Step::Name,
    Step::Address,
    Step::Connection,
    Step::Tls,
    Step::Authentication,
    Step::Permission,
    Step::Shape,
];

/// Asks for the first page of everything the wanted KRIs need.
pub async fn test(
    manifest: &Manifest,
    settings: &SourceSettings,
    reach: Reach<'_>,
    now: DateTime<Utc>,
) -> TrialReport {
    let wanted: Vec<&Kri> = manifest.kris.iter().filter(|kri| settings.wants(&kri.slug)).collect();
    let config = settings.filled(manifest);
    let means = Means { credentials: reach.credentials, fetch: reach.fetch, budget: reach.budget };
    let mut gatherer = Gatherer {
        exchange: Exchange::new(manifest, &config, now, &means),
        scope: scope(&config, now),
        base_url: settings.base_url.as_deref().filter(|url| !url.trim().is_empty()),
        items_seen: 0,
        first_page_only: true,
    };
    if let Err(trouble) = gatherer.exchange.authenticate().await {
        return failed(&trouble, Vec::new());
    }
    let needed = needed(manifest, &wanted);
    let mut readings = Vec::new();
    let mut first = None;
    let mut answers = BTreeMap::new();
    for request in manifest.requests.iter().filter(|request| needed.contains(request.id.as_str())) {
        // What hangs on something that cannot be read is named with it, and not asked for.
        if request.after.iter().any(|id| !answers.contains_key(id)) {
            continue;
        }
        match gatherer.gather(request, &answers).await {
            Ok(answer) => {
                answers.insert(request.id.clone(), answer);
                readings.push(reading(manifest, request, &wanted, None));
            }
            Err(trouble) if trouble.stops() => return failed(&trouble, readings),
            Err(trouble) => {
                readings.push(reading(manifest, request, &wanted, Some(&trouble)));
                first.get_or_insert(trouble);
            }
        }
    }
    let values = values((manifest, &wanted), answers, &gatherer.scope).await;
    let report = match first {
        None if !values.is_empty() && values.iter().all(|tried| tried.value.is_none()) => {
            failed(&Trouble::new(ErrorClass::Shape, NOTHING_MEASURED), readings)
        }
        None => passed("everything can be read", readings),
        Some(_) if readings.iter().any(|reading| reading.ok) => {
            passed("some things cannot be read; their KRIs will stay unmeasured", readings)
        }
        Some(trouble) => failed(&trouble, readings),
    };
    TrialReport { values, ..report }
}

const NOTHING_MEASURED: &str =
    "everything can be read, and nothing in it is a value: check the expressions against the answer";

/// The values of KRIs that hang on whole answers alone: of the others a first page says nothing.
async fn values(
    (manifest, wanted): (&Manifest, &[&Kri]),
    answers: BTreeMap<String, Val>,
    scope: &Scope,
) -> Vec<TrialValue> {
    let whole = |id: &String| {
        manifest
            .request(id)
            .is_some_and(|request| request.each.is_none() && matches!(request.paging, Paging::Single))
    };
    let answers: Answers =
        answers.into_iter().filter(|(id, _)| whole(id)).map(|(id, answer)| (id, Ok(answer))).collect();
    let mut values = Vec::new();
    for kri in wanted.iter().filter(|kri| kri.needs.iter().all(|need| answers.contains_key(need))) {
        let (value, text) = match measure(kri, &answers, scope).await {
            Ok(value) => (Some(value), None),
            Err((_, text)) => (None, Some(text)),
        };
        values.push(TrialValue { slug: kri.slug.clone(), value, text });
    }
    values
}

fn reading(
    manifest: &Manifest,
    request: &Request,
    wanted: &[&Kri],
    trouble: Option<&Trouble>,
) -> TrialReading {
    let hangs = |kri: &&&Kri| needed(manifest, &[**kri]).contains(request.id.as_str());
    let text = trouble.map(|trouble| match (trouble.class, &request.permission) {
        (ErrorClass::Permission, Some(permission)) => format!("{}; it needs {permission}", trouble.text),
        (_, Some(_) | None) => trouble.text.clone(),
    });
    let kris = wanted.iter().filter(hangs).map(|kri| kri.slug.clone()).collect();
    TrialReading { reads: request.reads.clone(), ok: trouble.is_none(), text, kris }
}

/// A source that is never asked has nothing that could fail.
pub fn nothing_to_ask() -> TrialReport {
    passed("values come to this source by themselves: there is nothing to try", Vec::new())
}

fn passed(text: &str, readings: Vec<TrialReading>) -> TrialReport {
    TrialReport {
        ok: true,
        failed: None,
        text: text.to_owned(),
        passed: STEPS.to_vec(),
        readings,
        values: Vec::new(),
    }
}

fn failed(trouble: &Trouble, readings: Vec<TrialReading>) -> TrialReport {
    let step = step(trouble.class);
    let passed = STEPS.into_iter().filter(|s| *s < step).collect();
    TrialReport {
        ok: false,
        failed: Some(step),
        text: trouble.text.clone(),
        passed,
        readings,
        values: Vec::new(),
    }
}

/// The step that fails with trouble of a class.
fn step(class: ErrorClass) -> Step {
    match class {
        ErrorClass::Settings => Step::Settings,
        ErrorClass::Name => Step::Name,
        ErrorClass::RefusedAddress => Step::Address,
        ErrorClass::Connect | ErrorClass::Timeout | ErrorClass::Broken | ErrorClass::Redirect => {
            Step::Connection
        }
        ErrorClass::Tls => Step::Tls,
        ErrorClass::Authentication => Step::Authentication,
        ErrorClass::Permission | ErrorClass::RateLimited => Step::Permission,
        ErrorClass::TooLarge
        | ErrorClass::Server
        | ErrorClass::Rejected
        | ErrorClass::Shape
        | ErrorClass::Partial
        | ErrorClass::Budget => Step::Shape,
    }
}

#[cfg(test)]
mod tests;
