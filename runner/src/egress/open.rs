//! The one place where the secrets of a request are opened: just before it is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use draxis_commands::secret::Secret;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use super::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use super::request::HeaderField;
use super::target::{Address, parse_url};
use super::{Body, EgressError, Field, Request, RequestError, Target};

/// A request with its secrets opened. It lives from here to the wire.
pub(super) struct Opened {
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

pub(super) fn open(request: &Request) -> Result<Opened, EgressError> {
    let mut url = url(&request.target)?;
    if !request.query.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &request.query {
            pairs.append_pair(name, field(value));
        }
    }
    let (content_type, body) = body(&request.body)?;
    let mut headers = HeaderMap::new();
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in &request.headers {
        let value = header(name, value)?;
        if name == CONTENT_TYPE {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    Ok(Opened { url, headers, body })
}

fn url(target: &Target) -> Result<Url, EgressError> {
    match &target.0 {
        Address::Open(url) => Ok(url.clone()),
        Address::Secret(secret) => Ok(parse_url(secret.expose())?),
    }
}

fn field(field: &Field) -> &str {
    match field {
        Field::Open(text) => text,
        Field::Secret(secret) => secret.expose(),
    }
}

fn header(name: &HeaderName, value: &HeaderField) -> Result<HeaderValue, RequestError> {
    let text = match value {
        HeaderField::Plain(Field::Open(text)) => {
            return HeaderValue::from_str(text).map_err(|_| RequestError::HeaderValue { name: name.clone() });
        }
        HeaderField::Plain(Field::Secret(secret)) => Zeroizing::new(secret.expose().to_owned()),
        HeaderField::Prefixed { prefix, secret } => Zeroizing::new([prefix, secret.expose()].concat()),
        HeaderField::Basic { user, password } => basic(user, password),
    };
    let mut value =
        HeaderValue::from_str(&text).map_err(|_| RequestError::HeaderValue { name: name.clone() })?;
    value.set_sensitive(true); // Its Debug says "Sensitive" instead of the value.
    Ok(value)
}

fn basic(user: &str, password: &Secret) -> Zeroizing<String> {
    let pair = Zeroizing::new([user, ":", password.expose()].concat());
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    Zeroizing::new(["Basic ", &encoded].concat())
}

fn body(body: &Body) -> Result<(Option<&'static str>, Bytes), RequestError> {
    match body {
        Body::Empty => Ok((None, Bytes::new())),
        Body::Bytes { content_type, bytes } => Ok((Some(content_type), bytes.clone())),
        Body::Text { content_type, text } => {
            Ok((Some(content_type), Bytes::copy_from_slice(text.expose().as_bytes())))
        }
        Body::Form(pairs) => {
            let mut form = Serializer::new(String::new());
            for (name, value) in pairs {
                form.append_pair(name, field(value));
            }
            Ok((Some("application/x-www-form-urlencoded"), form.finish().into()))
        }
        Body::Json { document, secrets } => {
            let mut document = document.clone();
            for (pointer, secret) in secrets {
                let place = document
                    .pointer_mut(pointer)
                    .ok_or_else(|| RequestError::Pointer { pointer: pointer.clone() })?;
                *place = Value::String(secret.expose().to_owned());
            }
            let bytes = serde_json::to_vec(&document).map_err(|source| RequestError::Json { source })?;
            Ok((Some("application/json"), bytes.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn secret(text: &str) -> Arc<Secret> {
        Arc::new(Secret::new(text.to_owned()))
    }

    fn target() -> Target {
        Target::parse("https://example.com/a?b=c").unwrap()
    }

    #[test]
    fn secrets_come_to_stand_where_they_belong() {
        let request = Request::post(
            target(),
            Body::Json {
                document: serde_json::json!({"auth": {"key": null}, "n": 1}),
                secrets: vec![("/auth/key".to_owned(), secret("can\"ary"))],
            },
        )
        .query("key", secret("a&b c"))
        .bearer(secret("token"))
        .prefixed_header("X-Auth", "SSWS ", secret("okta"))
        .unwrap();
        let opened = open(&request).unwrap();
        assert_eq!(opened.url.as_str(), "https://example.com/a?b=c&key=a%26b+c");
        assert_eq!(opened.headers.get("authorization").unwrap(), "Bearer token");
        assert_eq!(opened.headers.get("x-auth").unwrap(), "SSWS okta");
        assert_eq!(opened.headers.get("content-type").unwrap(), "application/json");
        assert_eq!(opened.body, r#"{"auth":{"key":"can\"ary"},"n":1}"#);
    }

    #[test]
    fn a_form_and_basic_authentication_are_encoded_as_their_rfcs_say() {
        let form =
            Body::Form(vec![("grant".to_owned(), "a b".into()), ("secret".to_owned(), secret("ü&").into())]);
        // The example of RFC 7617, section 2.
        let request = Request::post(target(), form).basic("Aladdin", secret("open sesame")).unwrap();
        let opened = open(&request).unwrap();
        assert_eq!(opened.body, "grant=a+b&secret=%C3%BC%26");
        assert_eq!(opened.headers.get("authorization").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn an_opened_header_still_does_not_show_itself() {
        let request =
            Request::get(target()).bearer(secret("canary")).header("x-key", secret("canary")).unwrap();
        assert!(!format!("{:?}", open(&request).unwrap().headers).contains("canary"));
    }

    #[test]
    fn a_secret_that_would_break_the_header_is_refused_without_being_repeated() {
        let request = Request::get(target()).bearer(secret("canary\r\nHost: evil"));
        let Err(error) = open(&request) else { panic!("a line break went through") };
        assert!(matches!(error, EgressError::Request(RequestError::HeaderValue { .. })));
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_secret_address_is_refused_like_any_other_and_never_repeated() {
        let request = Request::get(Target::secret(secret("https://canary@example.com/")));
        let Err(error) = open(&request) else { panic!("user info went through") };
        assert!(matches!(error, EgressError::Refused(super::super::Refused::UserInfo)));
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_pointer_to_nothing_is_refused() {
        let body =
            Body::Json { document: serde_json::json!({}), secrets: vec![("/key".to_owned(), secret("x"))] };
        let opened = open(&Request::post(target(), body));
        assert!(matches!(opened, Err(EgressError::Request(RequestError::Pointer { .. }))));
    }
}
