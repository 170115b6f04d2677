//! The recorded vendor over a real socket, reached by a real HTTP client.

use std::path::Path;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::offline::with_secrets;
use super::*;
use crate::connector::credentials::Credentials;
use crate::connector::fetch::{Fetch, FetchError, Method, OutgoingRequest};
use crate::connector::manifest::Manifest;
use crate::connector::run::{Reach, run};
use crate::connector::settings::{Budget, SourceSettings};
use draxis_commands::secret::Secret;

/// A thin client for loopback only; the real way out is the egress client.
struct Loopback(reqwest::Client);

impl Fetch for Loopback {
    fn send<'a>(
        &'a self,
        request: &'a OutgoingRequest,
    ) -> BoxFuture<'a, Result<FetchedResponse, FetchError>> {
        Box::pin(async move {
            let url = with_secrets(request);
            let mut asking = match request.method {
                Method::Get => self.0.get(url),
                Method::Post => self.0.post(url),
            };
            for (name, value) in &request.headers {
                asking = asking.header(name, value.expose());
            }
            if let Some((kind, body)) = &request.body {
                asking = asking.header("content-type", *kind).body(body.expose().to_owned());
            }
            let answer = asking.timeout(request.timeout).send().await.map_err(|_| FetchError::Connect)?;
            let status = answer.status().as_u16();
            let headers = answer
                .headers()
                .iter()
                .map(|(name, value)| {
                    (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
                })
                .collect();
            let body = answer.bytes().await.map_err(|_| FetchError::Broken)?;
            Ok(FetchedResponse { status, headers, body })
        })
    }
}

async fn read(stream: &mut TcpStream) -> (String, Vec<(String, String)>, String) {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let headers: Vec<(String, String)> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect();
            let length =
                headers.iter().find(|(n, _)| n == "content-length").map_or(0, |(_, v)| v.parse().unwrap());
            if body.len() >= length {
                return (head.lines().next().unwrap().to_owned(), headers, body.to_owned());
            }
        }
        let read = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..read]);
    }
}

async fn serve(listener: TcpListener, vendor: Vendor, base: String) {
    let turns = Turns::default();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (line, headers, body) = read(&mut stream).await;
        let mut words = line.split(' ');
        let (method, path_and_query) = (words.next().unwrap(), words.next().unwrap());
        let now = "2026-03-31T12:00:00Z".parse().unwrap();
        let asked = Asked { method, path_and_query, headers: &headers, body: &body, base: &base, now };
        let (status, headers, body) = vendor
            .answer(&asked, &turns)
            .map_or((404, Vec::new(), Bytes::new()), |answer| (answer.status, answer.headers, answer.body));
        let mut head =
            format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
        for (name, value) in headers {
            head = format!("{head}{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
    }
}

async fn over_a_socket(manifest: &Manifest, case: &str, config: &[(&str, &str)]) -> Vec<String> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vendors").join(&manifest.vendor).join(case);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let credentials =
        manifest.fields.iter().filter(|field| field.secret).fold(Credentials::none(), |all, field| {
            all.with(&field.key, Secret::new(format!("made-up-{}", field.key)))
        });
    let config = config.iter().map(|(k, v)| ((*k).to_owned(), v.replace("{base}", &base))).collect();
    let settings = SourceSettings { base_url: Some(base.clone()), config, wanted: None };
    drop(rustls::crypto::ring::default_provider().install_default());
    let fetch = Loopback(reqwest::Client::builder().no_proxy().build().unwrap());
    let reach = Reach { credentials: &credentials, fetch: &fetch, budget: Budget::default() };
    let running = run(manifest, &settings, reach, "2026-03-31T12:00:00Z".parse().unwrap());
    tokio::select! {
        report = running => report.values.iter().map(|m| format!("{}={}", m.slug, m.value)).collect(),
        () = serve(listener, Vendor::open(&folder).unwrap(), base) => Vec::new(),
    }
}

#[tokio::test]
async fn link_pages_header_keys_and_fan_out_work_over_a_socket() {
    let okta = Manifest::parse("okta.toml", include_str!("../../../connectors/okta.toml")).unwrap();
    let values = over_a_socket(&okta, "complete", &[("domain", "acme.okta.com")]).await;
    assert_eq!(values.len(), 6);
    assert!(values.contains(&"mfa_coverage_pct=33.33".to_owned()), "{values:?}");
}

#[tokio::test]
async fn a_minted_token_and_posted_bodies_work_over_a_socket() {
    let falcon = Manifest::parse(
        "crowdstrike-falcon.toml",
        include_str!("../../../connectors/crowdstrike-falcon.toml"),
    )
    .unwrap();
    let config = [("client_id", "made-up-client"), ("token_url", "{base}/oauth2/token")];
    let values = over_a_socket(&falcon, "paginated", &config).await;
    assert_eq!(values.len(), 7, "{values:?}");
}

#[test]
fn times_in_a_reply_follow_the_clock() {
    let text = r#"[{"request": {"path": "/a"}, "replies": [{"body": {"at": "${now-30d}", "price": "${5}"}}, {"body": {"at": "${now-1h:epoch}"}}]}]"#;
    let vendor = Vendor::parse("inline", text).unwrap();
    let turns = Turns::default();
    let answer = || {
        let now = "2026-03-31T12:00:00Z".parse().unwrap();
        let asked = Asked { method: "GET", path_and_query: "/a?x=1", headers: &[], body: "", base: "", now };
        String::from_utf8(vendor.answer(&asked, &turns).unwrap().body.to_vec()).unwrap()
    };
    assert!(answer().contains("${now-30d}"), "a body with other holes stays as it was recorded");
    assert_eq!(answer(), r#"{"at":"1774954800"}"#);
}

#[test]
fn unreadable_replies_are_named_with_their_line() {
    let error = Vendor::parse("x/replies.json", "[\n{\"request\": {\"pth\": 1}}]").unwrap_err().to_string();
    assert!(error.starts_with("x/replies.json:2: "), "{error}");
}
