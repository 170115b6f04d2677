//! A request of the manifest made into a question: templates filled, and the page it is about put in.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

use super::exchange::{Ask, Exchange, missing};
use super::manifest::{Cursor, Request};
use super::report::{ErrorClass, Trouble};
use super::template::{Encoding, Filling};

/// Which page a question is about.
pub(crate) enum Page {
    /// The first, or the only one.
    First,
    /// Where the vendor said the next one is.
    At(Url),
    /// The one a parameter names.
    With(String, String),
    /// The one a member of the body names.
    InBody(String, String),
}

impl Page {
    /// The page a cursor names.
    pub(crate) fn cursor(cursor: &Cursor, value: String) -> Self {
        match cursor {
            Cursor::Query(param) => Self::With(param.clone(), value),
            Cursor::Body(member) => Self::InBody(member.clone(), value),
        }
    }
}

/// Where one source's vendor answers.
pub(crate) struct Place<'a> {
    /// The source's own base URL.
    pub(crate) base_url: Option<&'a str>,
    /// Values of earlier replies.
    pub(crate) from: &'a BTreeMap<String, String>,
    /// The values of this round.
    pub(crate) each: &'a [String],
}

impl Place<'_> {
    /// Fills the request's templates for a page.
    pub(crate) fn ask(
        &self,
        exchange: &Exchange<'_>,
        request: &Request,
        page: &Page,
    ) -> Result<Ask, Trouble> {
        let filling =
            Filling { now: exchange.now, config: exchange.config, from: self.from, each: self.each };
        let fill = |template: &super::template::Template, encoding| {
            template.fill(&filling, encoding).map_err(|error| missing(&error))
        };
        let url = match page {
            Page::At(url) => url.clone(),
            Page::First | Page::With(..) | Page::InBody(..) => self.url(exchange, request, &filling)?,
        };
        let url = if let Page::With(param, value) = page { with_param(url, param, value) } else { url };
        let headers = request
            .headers
            .iter()
            .map(|(name, template)| Ok((name.clone(), fill(template, Encoding::Plain)?)))
            .collect::<Result<_, Trouble>>()?;
        let body = match (&request.body, request.form.is_empty()) {
            (Some(body), _) => Some(("application/json", in_body(fill(body, Encoding::Json)?, page)?)),
            (None, false) => {
                let mut form = Serializer::new(String::new());
                for (name, template) in &request.form {
                    form.append_pair(name, &fill(template, Encoding::Plain)?);
                }
                Some(("application/x-www-form-urlencoded", form.finish()))
            }
            (None, true) => None,
        };
        Ok(Ask { method: request.method, url, headers, body })
    }

    fn url(&self, exchange: &Exchange<'_>, request: &Request, filling: &Filling<'_>) -> Result<Url, Trouble> {
        let base = match (&request.base_url, self.base_url) {
            (None, Some(own)) => own.to_owned(),
            (Some(template), _) => {
                template.fill(filling, Encoding::Plain).map_err(|error| missing(&error))?
            }
            (None, None) => {
                exchange.manifest.base_url.fill(filling, Encoding::Plain).map_err(|error| missing(&error))?
            }
        };
        let base = Url::parse(base.trim()).map_err(|_| not_a_url())?;
        if !matches!(base.scheme(), "https" | "http") || base.query().is_some() || !base.username().is_empty()
        {
            return Err(not_a_url());
        }
        let path = request.path.fill(filling, Encoding::Path).map_err(|error| missing(&error))?;
        let joined = format!("{}{path}", base.path().trim_end_matches('/'));
        let mut url = base;
        url.set_path(&joined);
        if url.path() != joined {
            // A `.` or `..` was resolved, or something was encoded that a template's own text should have been.
            let text = "a setting does not fit into the path: check it for dots, blanks and slashes";
            return Err(Trouble::new(ErrorClass::Settings, text));
        }
        for (name, template) in &request.query {
            let value = template.fill(filling, Encoding::Plain).map_err(|error| missing(&error))?;
            if !value.is_empty() {
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        Ok(url)
    }
}

fn not_a_url() -> Trouble {
    Trouble::new(ErrorClass::Settings, "the base URL is not one: write it like https://example.com")
}

/// The URL with a parameter set, in place of one of the same name.
fn with_param(mut url: Url, param: &str, value: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| name != param)
        .map(|(n, v)| (n.into_owned(), v.into_owned()))
        .collect();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair(param, value);
    url
}

/// The body with the page's member set.
fn in_body(body: String, page: &Page) -> Result<String, Trouble> {
    let Page::InBody(member, value) = page else { return Ok(body) };
    let mut body: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body)
        .map_err(|_| Trouble::new(ErrorClass::Settings, "the request's body is not a JSON object"))?;
    body.insert(member.clone(), value.clone().into());
    Ok(serde_json::Value::Object(body).to_string())
}
