//! How long a caller is willing to wait: `Prefer: wait=<seconds>` and `respond-async` (RFC 7240).

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use draxis_runner::source_run::SourceRuns;

use crate::problem::Problem;

/// How long the caller of a request waits for what it sets off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience(pub Duration);

impl FromRequest for Patience {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::asked_for(request.headers())))
    }
}

impl Patience {
    /// What the headers ask for, up to the program's own limit. A preference that nobody understands is none.
    fn asked_for(headers: &HeaderMap) -> Self {
        let told = headers.get_all("prefer").filter_map(|value| value.to_str().ok());
        let preferences = told.flat_map(|value| value.split(',')).map(str::trim);
        let asked = preferences.filter_map(wait).min();
        Self(asked.map_or(SourceRuns::PATIENCE, |asked| asked.min(SourceRuns::PATIENCE)))
    }
}

fn wait(preference: &str) -> Option<Duration> {
    let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
    let named = |wanted: &str| name.trim().eq_ignore_ascii_case(wanted);
    if named("respond-async") {
        return Some(Duration::ZERO);
    }
    if named("wait") { value.trim().trim_matches('"').parse().ok().map(Duration::from_secs) } else { None }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
    use draxis_runner::source_run::SourceRuns;

    use super::Patience;

    fn asked_for(values: &[&'static str]) -> Duration {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HeaderName::from_static("prefer"), HeaderValue::from_static(value));
        }
        Patience::asked_for(&headers).0
    }

    #[test]
    fn whoever_says_so_waits_less_and_nobody_waits_longer() {
        for none in [&[][..], &["wait=forever"], &["handling=lenient"], &["wait"], &["wait=3600"]] {
            assert_eq!(asked_for(none), SourceRuns::PATIENCE, "{none:?}");
        }
        assert_eq!(asked_for(&["wait=10"]), Duration::from_secs(10));
        assert_eq!(asked_for(&["handling=lenient, Wait=\"7\""]), Duration::from_secs(7));
        assert_eq!(asked_for(&["respond-async"]), Duration::ZERO);
        assert_eq!(asked_for(&["wait=10", "respond-async"]), Duration::ZERO);
    }
}
