//! AWS Signature Version 4, as the Amazon documentation "Create a signed AWS API request" describes it.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::connector::fetch::OutgoingRequest;
use draxis_commands::secret::Secret;

/// RFC 3986 section 2.3: what AWS leaves alone.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An access key and what it is used for.
pub(super) struct Key {
    pub(super) id: Secret,
    pub(super) secret: Secret,
    pub(super) region: String,
    pub(super) service: String,
}

impl Key {
    /// Signs a request; host and date are always signed, and the content type when there is a body.
    pub(super) fn sign(&self, request: &mut OutgoingRequest, now: DateTime<Utc>) {
        let stamp = now.format("%Y%m%dT%H%M%SZ").to_string();
        let scope = format!("{}/{}/{}/aws4_request", now.format("%Y%m%d"), self.region, self.service);
        let mut signed = vec![("host".to_owned(), host(request)), ("x-amz-date".to_owned(), stamp.clone())];
        signed.extend(request.body.as_ref().map(|(kind, _)| ("content-type".to_owned(), (*kind).to_owned())));
        signed.sort();
        let names = signed.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
        let canonical = canonical(request, &signed, &names);
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", HEXLOWER.encode(&Sha256::digest(canonical)));
        let signature = HEXLOWER.encode(&mac(&self.derived(now), to_sign.as_bytes()));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.id.expose()
        );
        request.headers.push(("x-amz-date".to_owned(), Secret::new(stamp)));
        request.headers.push(("authorization".to_owned(), Secret::new(value)));
    }

    fn derived(&self, now: DateTime<Utc>) -> Vec<u8> {
        let first = zeroize::Zeroizing::new(format!("AWS4{}", self.secret.expose()));
        let day = now.format("%Y%m%d").to_string();
        [day.as_str(), &self.region, &self.service, "aws4_request"]
            .iter()
            .fold(first.as_bytes().to_vec(), |key, part| mac(&key, part.as_bytes()))
    }
}

fn mac(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes a key of any length, so this cannot fail.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mut mac| {
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

fn host(request: &OutgoingRequest) -> String {
    let host = request.url.host_str().unwrap_or_default();
    request.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn canonical(request: &OutgoingRequest, signed: &[(String, String)], names: &str) -> String {
    let mut query: Vec<(String, String)> = request
        .url
        .query_pairs()
        .map(|(k, v)| {
            (utf8_percent_encode(&k, UNRESERVED).to_string(), utf8_percent_encode(&v, UNRESERVED).to_string())
        })
        .collect();
    query.sort();
    let query = query.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&");
    let headers = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect::<Vec<_>>().concat();
    let body = request.body.as_ref().map_or("", |(_, body)| body.expose());
    let method = request.method.as_str();
    let hash = HEXLOWER.encode(&Sha256::digest(body.as_bytes()));
    format!("{method}\n{}\n{query}\n{headers}\n{names}\n{hash}", request.url.path())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeZone;
    use url::Url;

    use super::*;
    use crate::connector::fetch::Method;

    fn signed(method: Method, url: &str, body: Option<(&'static str, &str)>) -> String {
        let key = Key {
            id: Secret::new("AKIDEXAMPLE".to_owned()),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
            region: "us-east-1".to_owned(),
            service: "service".to_owned(),
        };
        let mut request = OutgoingRequest {
            method,
            url: Url::parse(url).unwrap(),
            secret_query: Vec::new(),
            headers: Vec::new(),
            body: body.map(|(kind, text)| (kind, Secret::new(text.to_owned()))),
            timeout: Duration::from_secs(1),
            max_bytes: 1,
        };
        key.sign(&mut request, Utc.with_ymd_and_hms(2015, 8, 30, 12, 36, 0).unwrap());
        request.headers.iter().find(|(name, _)| name == "authorization").unwrap().1.expose().to_owned()
    }

    /// The published test suite's cases `get-vanilla`, `get-vanilla-query-order-key-case`, `post-x-www-form-urlencoded`.
    #[test]
    fn signatures_are_those_of_the_published_test_suite() {
        let vanilla = signed(Method::Get, "https://example.amazonaws.com/", None);
        assert_eq!(
            vanilla,
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        let ordered = signed(Method::Get, "https://example.amazonaws.com/?Param2=value2&Param1=value1", None);
        assert!(
            ordered.ends_with("b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            "{ordered}"
        );
        let form = Some(("application/x-www-form-urlencoded", "Param1=value1"));
        let posted = signed(Method::Post, "https://example.amazonaws.com/", form);
        assert!(
            posted.ends_with("ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
            "{posted}"
        );
    }
}
