//! What a run has spent, and how long a vendor asks it to wait.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::connector::fetch::FetchedResponse;
use crate::connector::manifest::Manifest;
use crate::connector::report::{ErrorClass, Trouble};
use crate::connector::settings::Budget;

/// The longest one exchange may take.
const LONGEST_EXCHANGE: Duration = Duration::from_mins(1);

/// The largest single answer.
const LARGEST_ANSWER: u64 = 32 * 1024 * 1024;

/// What a run has spent of its budget.
pub(crate) struct Spending {
    budget: Budget,
    started: Instant,
    waited: Duration,
    pub(crate) requests: u32,
    pub(crate) bytes: u64,
}

impl Spending {
    pub(super) fn new(budget: Budget) -> Self {
        Self { budget, started: Instant::now(), waited: Duration::ZERO, requests: 0, bytes: 0 }
    }

    fn left(&self) -> Duration {
        self.budget.time.saturating_sub(self.started.elapsed().max(self.waited))
    }

    /// The run's clock as it has moved on since the run began.
    pub(super) fn clock(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.started.elapsed()).unwrap_or_default();
        now.checked_add_signed(passed).unwrap_or(now)
    }

    /// Counts a request, or says that there is none left.
    pub(super) fn request(&mut self) -> Result<(), Trouble> {
        if self.requests >= self.budget.requests {
            let text =
                format!("the run has sent the {} requests it may: narrow the source", self.budget.requests);
            return Err(Trouble::new(ErrorClass::Budget, text));
        }
        self.requests += 1;
        Ok(())
    }

    /// Counts what came.
    pub(super) fn read(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// How long the next exchange may take.
    pub(super) fn patience(&self) -> Result<Duration, Trouble> {
        let left = self.left();
        if left.is_zero() {
            return Err(Trouble::new(
                ErrorClass::Budget,
                "the run has taken the time it may: narrow the source",
            ));
        }
        Ok(left.min(LONGEST_EXCHANGE))
    }

    /// How large the next answer may be.
    pub(super) fn room(&self) -> Result<u64, Trouble> {
        let left = self.budget.bytes.saturating_sub(self.bytes);
        if left == 0 {
            return Err(Trouble::new(
                ErrorClass::Budget,
                "the run has read the bytes it may: narrow the source",
            ));
        }
        Ok(left.min(LARGEST_ANSWER))
    }

    /// Waits out of the run's time, or says that there is not enough of it.
    pub(crate) fn wait(&mut self, how_long: Duration) -> Result<(), Trouble> {
        if how_long >= self.left() {
            return Err(rate_limited());
        }
        self.waited = self.waited.saturating_add(how_long);
        Ok(())
    }
}

/// The vendor asks for more patience than the run has.
pub(super) fn rate_limited() -> Trouble {
    Trouble::new(
        ErrorClass::RateLimited,
        "the vendor asks to wait longer than this run may: run it less often or later",
    )
}

/// How long to wait: what the vendor says (RFC 9110 section 10.2.3, or its own header), else twice as long each time.
pub(super) fn wait_for(
    answer: &FetchedResponse,
    manifest: &Manifest,
    now: DateTime<Utc>,
    attempt: u32,
) -> Duration {
    let named = |name: &Option<String>| name.as_deref().and_then(|name| answer.header(name));
    let said = answer.header("retry-after").or_else(|| named(&manifest.wait_header));
    let reset = || named(&manifest.reset_header).and_then(|text| until(text.trim().parse().ok()?, now));
    said.and_then(|text| retry_after(text, now))
        .or_else(reset)
        .unwrap_or_else(|| Duration::from_secs(1_u64 << attempt.min(5)))
}

fn retry_after(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    match text.trim().parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => until(DateTime::parse_from_rfc2822(text.trim()).ok()?.timestamp(), now),
    }
}

fn until(epoch: i64, now: DateTime<Utc>) -> Option<Duration> {
    let seconds = epoch.checked_sub(now.timestamp())?.max(1);
    u64::try_from(seconds).ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn wait(headers: &[(&str, &str)], attempt: u32) -> u64 {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let answer = FetchedResponse { status: 429, headers, body: bytes::Bytes::new() };
        let now = Utc.with_ymd_and_hms(2026, 3, 31, 12, 0, 0).unwrap();
        let okta = Manifest::parse("okta.toml", include_str!("../../../connectors/okta.toml")).unwrap();
        wait_for(&answer, &okta, now, attempt).as_secs()
    }

    #[test]
    fn a_vendor_says_how_long_to_wait_in_seconds_as_a_date_or_in_its_own_header() {
        assert_eq!(wait(&[("retry-after", "7")], 1), 7);
        assert_eq!(wait(&[("retry-after", "Tue, 31 Mar 2026 12:00:30 GMT")], 1), 30);
        assert_eq!(wait(&[("retry-after", "Tue, 31 Mar 2026 11:00:00 GMT")], 1), 1, "a date gone by is soon");
        assert_eq!(wait(&[("x-rate-limit-reset", "1774958445")], 1), 45);
        assert_eq!(wait(&[("retry-after", "7"), ("x-rate-limit-reset", "1774958445")], 1), 7);
    }

    #[test]
    fn without_a_word_from_the_vendor_each_wait_is_twice_the_last() {
        assert_eq!(
            (1..=4).map(|attempt| wait(&[("retry-after", "soon")], attempt)).collect::<Vec<_>>(),
            [2, 4, 8, 16]
        );
    }

    #[test]
    fn a_wait_comes_out_of_the_runs_time() {
        let mut spending = Spending::new(Budget { time: Duration::from_mins(1), ..Budget::default() });
        spending.wait(Duration::from_secs(40)).unwrap();
        assert_eq!(spending.wait(Duration::from_secs(40)).unwrap_err().class, ErrorClass::RateLimited);
    }
}
