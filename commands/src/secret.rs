//! A text that must never be seen: no Debug, Display, Serialize or Clone, and gone from memory when dropped.

mod encryption_keys;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use zeroize::Zeroizing;

pub use encryption_keys::{EncryptionKeys, KeyError, KeyId};

/// A credential, token or key as text (hazard H8: types, not masks).
///
/// It can come in with a request body, be sealed, and be opened by [`Secret::expose`]; nothing else.
/// Share one by `Arc<Secret>`.
///
/// It has no `Debug`:
/// ```compile_fail,E0277
/// let secret = draxis_commands::secret::Secret::new("canary".to_owned());
/// let _ = format!("{secret:?}");
/// ```
/// It has no `Display`:
/// ```compile_fail,E0277
/// let secret = draxis_commands::secret::Secret::new("canary".to_owned());
/// let _ = format!("{secret}");
/// ```
/// It has no `Serialize`:
/// ```compile_fail,E0277
/// let secret = draxis_commands::secret::Secret::new("canary".to_owned());
/// let _ = serde_json::to_string(&secret);
/// ```
/// It has no `Clone`:
/// ```compile_fail,E0599
/// let secret = draxis_commands::secret::Secret::new("canary".to_owned());
/// let _ = secret.clone();
/// ```
/// A struct that holds one cannot derive what it lacks:
/// ```compile_fail,E0277
/// #[derive(Debug)]
/// struct Login { password: draxis_commands::secret::Secret }
/// ```
/// What it does have:
/// ```
/// let secret = draxis_commands::secret::Secret::new("canary".to_owned());
/// assert_eq!(secret.expose(), "canary");
/// ```
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over; the caller keeps no copy.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Opens the secret. Every call is a place to look at in review: outside the egress client, the mailer and the
    /// vault there should be none.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it, so that a form can refuse an empty credential without opening it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_string`: under it serde_json complains itself, and repeats the value.
        deserializer.deserialize_any(TextOnly)
    }
}

/// Reads a text and nothing else. Serde's own complaint about a wrong kind of value repeats the value, so each kind
/// that would be repeated is refused here in our words.
struct TextOnly;

impl Visitor<'_> for TextOnly {
    type Value = Secret;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::new(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Secret, E> {
        Ok(Secret::new(text))
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Secret, E> {
        Err(not_a_text())
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Secret, E> {
        Err(not_a_text())
    }

    fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Secret, E> {
        Err(not_a_text())
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Secret, E> {
        Err(not_a_text())
    }

    fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Secret, E> {
        Err(not_a_text())
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Secret, E> {
        Err(not_a_text())
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Secret, E> {
        Err(not_a_text())
    }
}

fn not_a_text<E: serde::de::Error>() -> E {
    E::custom("a secret is a text: put it in quotes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Body {
        token: Secret,
    }

    #[test]
    fn a_secret_is_read_from_a_request_body() {
        let body: Body = serde_json::from_str(r#"{"token":"canary\n1"}"#).unwrap();
        assert_eq!(body.token.expose(), "canary\n1");
    }

    #[test]
    fn a_value_of_a_wrong_kind_is_refused_without_being_repeated() {
        for wrong in [
            "90210",
            "-90210",
            "90210.5",
            "true",
            "9021090210902109021090210",
            "[\"90210\"]",
            "{\"a\":90210}",
        ] {
            let Err(error) = serde_json::from_str::<Body>(&format!(r#"{{"token":{wrong}}}"#)) else {
                panic!("{wrong} was taken for a text");
            };
            let said = format!("{error} {error:?}");
            assert!(!said.contains("90210") && !said.contains("true"), "{said}");
        }
    }

    #[test]
    fn emptiness_can_be_asked_without_opening() {
        assert!(Secret::new(String::new()).is_empty());
        assert!(!Secret::new(" ".to_owned()).is_empty());
    }
}
