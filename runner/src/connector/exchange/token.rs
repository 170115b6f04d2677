//! Mints a token for one run; it is held in memory and never stored.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::Serializer;

use super::{Exchange, google, sign};
use crate::connector::fetch::{Method, OutgoingRequest};
use crate::connector::manifest::ClientStyle;
use crate::connector::report::{ErrorClass, Trouble};
use draxis_commands::secret::Secret;

/// The largest answer of a token endpoint.
const LARGEST: u64 = 64 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// A token request's form, and its Basic header when the client's secret stands there.
pub(super) struct TokenForm {
    form: Secret,
    header: Option<Secret>,
}

/// RFC 6749 section 4.4.2.
pub(super) fn client_credentials(
    id: &Secret,
    key: &Secret,
    scope: Option<&str>,
    style: ClientStyle,
) -> TokenForm {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = scope.filter(|scope| !scope.is_empty()) {
        form.append_pair("scope", scope);
    }
    let header = match style {
        ClientStyle::Basic => Some(sign::basic_value(id, key)),
        ClientStyle::Form => {
            form.append_pair("client_id", id.expose()).append_pair("client_secret", key.expose());
            None
        }
    };
    TokenForm { form: Secret::new(form.finish()), header }
}

/// RFC 7523 section 2.1, as Google's service accounts use it.
pub(super) fn service_account(
    key: &Secret,
    subject: &str,
    scope: &str,
    (audience, now): (&str, DateTime<Utc>),
) -> Result<TokenForm, Trouble> {
    let assertion = google::assertion(key, &google::Claims { subject, scope, audience, now })?;
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    form.append_pair("assertion", assertion.expose());
    Ok(TokenForm { form: Secret::new(form.finish()), header: None })
}

#[derive(Deserialize)]
struct Minted {
    access_token: Secret,
}

/// Asks for the token.
pub(super) async fn mint(exchange: &mut Exchange<'_>, url: &str, form: TokenForm) -> Result<Secret, Trouble> {
    let url =
        Url::parse(url).map_err(|_| Trouble::new(ErrorClass::Settings, "the token URL is not a URL"))?;
    let mut headers = vec![("accept".to_owned(), Secret::new("application/json".to_owned()))];
    headers.extend(form.header.map(|value| ("authorization".to_owned(), value)));
    let outgoing = OutgoingRequest {
        method: Method::Post,
        url,
        secret_query: Vec::new(),
        headers,
        body: Some((FORM, form.form)),
        timeout: exchange.spending.patience()?,
        max_bytes: LARGEST,
    };
    let answer = exchange.send(&outgoing).await?;
    match answer.status {
        200..=299 => {
            serde_json::from_slice::<Minted>(&answer.body).map(|minted| minted.access_token).map_err(|_| {
                Trouble::new(ErrorClass::Shape, "the token endpoint answered without a token: check its URL")
            })
        }
        400 | 401 | 403 => Err(Trouble::new(
            ErrorClass::Authentication,
            format!(
                "no token was given for these credentials ({}): make new ones and enter them again",
                answer.status
            ),
        )),
        429 => Err(super::limits::rate_limited()),
        500..=599 => Err(Trouble::new(
            ErrorClass::Server,
            format!("the token endpoint has trouble of its own ({}): try again later", answer.status),
        )),
        status => Err(Trouble::new(
            ErrorClass::Rejected,
            format!("the token endpoint does not take the request ({status}): check its URL"),
        )),
    }
}
