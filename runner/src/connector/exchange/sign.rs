//! Shows who asks, on each request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::{Exchange, aws, missing, token};
use crate::connector::fetch::OutgoingRequest;
use crate::connector::manifest::Auth;
use crate::connector::report::{ErrorClass, Trouble};
use crate::connector::template::Template;
use draxis_commands::secret::Secret;

/// What is put on each request.
pub(super) enum Proof {
    Nothing,
    Header(String, Secret),
    Query(String, Secret),
    Aws(aws::Key),
}

impl Proof {
    /// Makes the proof from the source's credentials, minting a token where the vendor wants one.
    pub(super) async fn obtain(exchange: &mut Exchange<'_>) -> Result<Self, Trouble> {
        let manifest = exchange.manifest;
        Ok(match &manifest.auth {
            Auth::None => Self::Nothing,
            Auth::Bearer { token } => bearer(&secret(exchange, token)?),
            Auth::Header { name, value } => Self::Header(name.clone(), secret(exchange, value)?),
            Auth::Query { name, value } => Self::Query(name.clone(), secret(exchange, value)?),
            Auth::Basic { username, password } => {
                basic(&secret(exchange, username)?, &secret(exchange, password)?)
            }
            Auth::ClientCredentials { token_url, client_id, client_secret, scope, style } => {
                let id = secret(exchange, client_id)?;
                let key = secret(exchange, client_secret)?;
                let scope = scope.as_ref().map(|scope| plain(exchange, scope)).transpose()?;
                let url = plain(exchange, token_url)?;
                let form = token::client_credentials(&id, &key, scope.as_deref(), *style);
                bearer(&token::mint(exchange, &url, form).await?)
            }
            Auth::ServiceAccount { token_url, key, subject, scope } => {
                let url = plain(exchange, token_url)?;
                let key = secret(exchange, key)?;
                let subject = plain(exchange, subject)?;
                let form = token::service_account(&key, &subject, scope, (&url, exchange.now))?;
                bearer(&token::mint(exchange, &url, form).await?)
            }
            Auth::AwsSigV4 { access_key, secret_key, region, service } => Self::Aws(aws::Key {
                id: secret(exchange, access_key)?,
                secret: secret(exchange, secret_key)?,
                region: plain(exchange, region)?,
                service: service.clone(),
            }),
        })
    }

    /// Puts the proof on a request.
    pub(super) fn sign(&self, request: &mut OutgoingRequest, now: DateTime<Utc>) {
        match self {
            Self::Nothing => {}
            Self::Header(name, value) => {
                request.headers.push((name.clone(), Secret::new(value.expose().to_owned())));
            }
            Self::Query(name, value) => {
                request.secret_query.push((name.clone(), Secret::new(value.expose().to_owned())));
            }
            Self::Aws(key) => key.sign(request, now),
        }
    }
}

/// `Authorization: Bearer …`
fn bearer(token: &Secret) -> Proof {
    Proof::Header("authorization".to_owned(), Secret::new(format!("Bearer {}", token.expose())))
}

/// `Authorization: Basic …` (RFC 7617)
fn basic(username: &Secret, password: &Secret) -> Proof {
    Proof::Header("authorization".to_owned(), basic_value(username, password))
}

pub(super) fn basic_value(username: &Secret, password: &Secret) -> Secret {
    let pair = zeroize::Zeroizing::new(format!("{}:{}", username.expose(), password.expose()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
}

fn secret(exchange: &Exchange<'_>, template: &Template) -> Result<Secret, Trouble> {
    let secret =
        template.fill_secret(exchange.config, exchange.credentials).map_err(|error| missing(&error))?;
    if secret.expose().trim().is_empty()
        || secret.expose().contains(['\r', '\n']) && !secret.expose().contains("-----")
    {
        return Err(Trouble::new(
            ErrorClass::Settings,
            "a credential is empty or has a line break in it: enter it again",
        ));
    }
    Ok(secret)
}

fn plain(exchange: &Exchange<'_>, template: &Template) -> Result<String, Trouble> {
    let nothing = std::collections::BTreeMap::new();
    let filling = crate::connector::template::Filling {
        now: exchange.now,
        config: exchange.config,
        from: &nothing,
        each: &[],
    };
    template.fill(&filling, crate::connector::template::Encoding::Plain).map_err(|error| missing(&error))
}
