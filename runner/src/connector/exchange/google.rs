//! A service account's signed statement that it acts for an administrator (RFC 7523 section 3, RS256).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::connector::report::{ErrorClass, Trouble};
use draxis_commands::secret::Secret;

/// What the statement says.
pub(super) struct Claims<'a> {
    pub(super) subject: &'a str,
    pub(super) scope: &'a str,
    pub(super) audience: &'a str,
    pub(super) now: DateTime<Utc>,
}

/// The parts of a key file that matter.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: Secret,
}

/// Signs the statement.
pub(super) fn assertion(key: &Secret, claims: &Claims<'_>) -> Result<Secret, Trouble> {
    let file: KeyFile = serde_json::from_str(key.expose()).map_err(|_| bad_key())?;
    let pair = key_pair(file.private_key.expose()).ok_or_else(bad_key)?;
    let issued = claims.now.timestamp();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    let body = serde_json::json!({
        "iss": file.client_email,
        "sub": claims.subject,
        "scope": claims.scope,
        "aud": claims.audience,
        "iat": issued,
        "exp": issued.saturating_add(600),
    });
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(body.to_string()));
    let mut signature = vec![0; pair.public().modulus_len()];
    // PKCS #1 v1.5 signatures take no randomness; ring only wants it for blinding.
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| bad_key())?;
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn key_pair(pem: &str) -> Option<RsaKeyPair> {
    let inner = pem.split_once("-----BEGIN PRIVATE KEY-----")?.1.split_once("-----END PRIVATE KEY-----")?.0;
    let joined: Zeroizing<String> = Zeroizing::new(inner.split_whitespace().collect());
    let der = Zeroizing::new(STANDARD.decode(joined.as_bytes()).ok()?);
    RsaKeyPair::from_pkcs8(&der).ok()
}

fn bad_key() -> Trouble {
    let text = "the service account's key is not the JSON file Google hands out: enter the whole file again";
    Trouble::new(ErrorClass::Settings, text)
}
