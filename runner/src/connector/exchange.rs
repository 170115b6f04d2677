//! One exchange with a vendor: authenticated, bounded, and patient when the vendor asks for patience.

mod aws;
mod google;
mod limits;
mod sign;
mod token;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use url::Url;

use self::limits::Spending;
use self::sign::Proof;
use super::credentials::Credentials;
use super::fetch::{Fetch, FetchError, FetchedResponse, Method, OutgoingRequest};
use super::manifest::Manifest;
use super::report::{ErrorClass, Trouble};
use super::settings::Budget;
use draxis_commands::secret::Secret;

/// How often one question is asked before it is given up.
const TRIES: u32 = 5;

/// How often a vendor's own trouble is met before it is given up.
const TRIES_OF_A_BROKEN_SERVER: u32 = 3;

/// What is asked, without who asks.
pub(crate) struct Ask {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<(&'static str, String)>,
}

/// The way to one vendor during one run.
pub(crate) struct Exchange<'a> {
    pub(crate) manifest: &'a Manifest,
    pub(crate) config: &'a BTreeMap<String, String>,
    pub(crate) now: DateTime<Utc>,
    credentials: &'a Credentials,
    fetch: &'a dyn Fetch,
    pub(crate) spending: Spending,
    proof: Option<Proof>,
}

/// What a run asks with.
pub(crate) struct Means<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) fetch: &'a dyn Fetch,
    pub(crate) budget: Budget,
}

impl<'a> Exchange<'a> {
    pub(crate) fn new(
        manifest: &'a Manifest,
        config: &'a BTreeMap<String, String>,
        now: DateTime<Utc>,
        means: &Means<'a>,
    ) -> Self {
        let spending = Spending::new(means.budget);
        Self {
            manifest,
            config,
            now,
            credentials: means.credentials,
            fetch: means.fetch,
            spending,
            proof: None,
        }
    }

    /// Shows the vendor who asks: mints the token, or makes sure that every credential is there.
    pub(crate) async fn authenticate(&mut self) -> Result<(), Trouble> {
        self.proof = Some(Proof::obtain(self).await?);
        Ok(())
    }

    /// Asks as who we are and gives the whole, successful answer.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<FetchedResponse, Trouble> {
        for attempt in 1.. {
            let outgoing = self.outgoing(ask)?;
            let answer = self.send(&outgoing).await?;
            let (tries, trouble) = match self.judge(&answer) {
                Verdict::Good => return Ok(answer),
                Verdict::Never(trouble) => return Err(trouble),
                Verdict::Later => (TRIES, limits::rate_limited()),
                Verdict::Perhaps(trouble) => (TRIES_OF_A_BROKEN_SERVER, trouble),
            };
            if attempt >= tries {
                return Err(trouble);
            }
            let again = self.told_to_wait(&answer, attempt);
            self.pause(again).await?;
        }
        Err(limits::rate_limited())
    }

    /// Waits, out of the run's time.
    pub(crate) async fn pause(&mut self, how_long: std::time::Duration) -> Result<(), Trouble> {
        self.spending.wait(how_long)?;
        self.fetch.wait(how_long).await;
        Ok(())
    }

    /// What the answer means, knowing how this vendor says "later".
    fn judge(&self, answer: &FetchedResponse) -> Verdict {
        let spent = answer.header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
        let asks_to_wait = answer.status == 403 && (spent || answer.header("retry-after").is_some());
        if asks_to_wait || self.manifest.wait_statuses.contains(&answer.status) {
            return Verdict::Later;
        }
        judge(answer.status)
    }

    fn told_to_wait(&self, answer: &FetchedResponse, attempt: u32) -> std::time::Duration {
        limits::wait_for(answer, self.manifest, self.spending.clock(self.now), attempt)
    }

    async fn send(&mut self, outgoing: &OutgoingRequest) -> Result<FetchedResponse, Trouble> {
        self.spending.request()?;
        self.fetch.room(self.spending.bytes).await;
        // The way out keeps to the time it is given; a run must end even if it does not.
        let sending = tokio::time::timeout(outgoing.timeout, self.fetch.send(outgoing));
        let answer = sending.await.unwrap_or(Err(FetchError::Timeout))?;
        self.spending.read(answer.body.len());
        Ok(answer)
    }

    fn outgoing(&self, ask: &Ask) -> Result<OutgoingRequest, Trouble> {
        let common = self.manifest.headers.iter().map(|(name, template)| {
            let value =
                template.fill_secret(self.config, self.credentials).map_err(|error| missing(&error))?;
            Ok((name.clone(), value))
        });
        let mut headers = common.collect::<Result<Vec<_>, Trouble>>()?;
        headers.extend(ask.headers.iter().map(|(name, value)| (name.clone(), Secret::new(value.clone()))));
        if !headers.iter().any(|(name, _)| name == "accept") {
            headers.push(("accept".to_owned(), Secret::new("application/json".to_owned())));
        }
        let mut outgoing = OutgoingRequest {
            method: ask.method,
            url: ask.url.clone(),
            secret_query: Vec::new(),
            headers,
            body: ask.body.as_ref().map(|(kind, text)| (*kind, Secret::new(text.clone()))),
            timeout: self.spending.patience()?,
            max_bytes: self.spending.room()?,
        };
        if let Some(proof) = &self.proof {
            proof.sign(&mut outgoing, self.spending.clock(self.now));
        }
        Ok(outgoing)
    }
}

/// A setting or a credential that a template needs and nobody gave.
pub(crate) fn missing(error: &super::template::Unfilled) -> Trouble {
    Trouble::new(ErrorClass::Settings, error.to_string())
}

enum Verdict {
    Good,
    Later,
    Perhaps(Trouble),
    Never(Trouble),
}

/// What a status means (RFC 9110 section 15).
fn judge(status: u16) -> Verdict {
    let never = |class, text: String| Verdict::Never(Trouble::new(class, text));
    match status {
        200..=299 => Verdict::Good,
        401 => never(
            ErrorClass::Authentication,
            "the vendor does not take the credentials (401): make new ones and enter them again".to_owned(),
        ),
        402..=404 => never(
            ErrorClass::Permission,
            format!(
                "the vendor does not let these credentials read this ({status}): check the licence and the rights"
            ),
        ),
        429 => Verdict::Later,
        500 | 502 | 503 | 504 => Verdict::Perhaps(Trouble::new(
            ErrorClass::Server,
            format!("the vendor answered with trouble of its own ({status}): try again later"),
        )),
        300..=399 => Verdict::Never(FetchError::Redirect.into()),
        _ => never(
            ErrorClass::Rejected,
            format!("the vendor does not take the request ({status}): check the settings"),
        ),
    }
}
