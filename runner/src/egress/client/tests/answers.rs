//! Answers that are too large, too slow, packed, or lead elsewhere.

use std::io::Write as _;

use super::*;
use crate::egress::far_server::{FarServer, Manner};
use crate::egress::{Body, Phase, StatusCode};

async fn ask(manner: Manner) -> (FarServer, Result<Response, EgressError>) {
    let server = FarServer::start(manner).await;
    let answer = get(&loopback(), &format!("http://127.0.0.1:{}/path?q=1", server.port())).await;
    (server, answer)
}

fn answer(head: &str, body: &[u8]) -> Manner {
    let head = format!("HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n", body.len());
    Manner::Answer([head.as_bytes(), body].concat())
}

fn packed(bytes: usize) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![0; bytes]).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn an_answer_is_read_whole() {
    let (server, answer) = ask(answer("x-a: b\r\n", b"hello")).await;
    let answer = answer.unwrap();
    assert_eq!(
        (answer.status(), answer.header("x-a"), &answer.body()[..]),
        (StatusCode::OK, Some("b"), &b"hello"[..])
    );
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.starts_with("get /path?q=1 http/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("host: 127.0.0.1:{}\r\n", server.port())), "{request}");
    assert!(request.contains("user-agent: draxis/"), "{request}");
}

#[tokio::test]
async fn an_error_status_is_an_answer() {
    let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno".to_vec();
    let (_server, answer) = ask(Manner::Answer(refusal)).await;
    assert_eq!(answer.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_redirect_to_loopback_is_not_followed() {
    let inner = FarServer::start(answer("", b"inside")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://127.0.0.1:{}/", inner.port());
        let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let (_server, answer) = ask(Manner::Answer(head.into_bytes())).await;
        assert!(
            matches!(answer, Err(EgressError::Redirected { status: s }) if s == status),
            "{status}: {answer:?}"
        );
    }
    assert_eq!(inner.connections(), 0);
}

#[tokio::test]
async fn too_large_an_answer_is_put_down() {
    let announced = answer("", &vec![b'x'; 64 * 1024 + 1]);
    let endless = Manner::Flood(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b'x'; 1000]);
    let chunked = Manner::Flood(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
        b"5\r\nhello\r\n".repeat(100),
    );
    // What counts here is the size: a busy machine may take its time over it.
    let patient = EgressConfig { timeouts: Timeouts::default(), ..config(AllowedNetworks::loopback()) };
    let patient = Egress::new(&patient, Arc::new(Names::default())).unwrap();
    for manner in [announced, endless, chunked] {
        let server = FarServer::start(manner).await;
        let answer = get(&patient, &format!("http://127.0.0.1:{}/", server.port())).await;
        let Err(error) = answer else { panic!("read whole") };
        assert!(matches!(error, EgressError::TooLarge { limit: 65_536, .. }), "{error:?}");
        assert!(error.request_was_written());
    }
}

#[tokio::test]
async fn an_endless_head_is_put_down() {
    let head = Manner::Flood(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-more: and more\r\n".repeat(100));
    let (_server, answer) = ask(head).await;
    assert!(matches!(answer, Err(EgressError::Lost { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_gzip_answer_is_unpacked_and_a_bomb_is_put_down() {
    let (_server, small) = ask(answer("content-encoding: gzip\r\n", &packed(60_000))).await;
    assert_eq!(small.unwrap().body().len(), 60_000);
    let bomb = packed(32 * 1024 * 1024);
    assert!(bomb.len() < 64 * 1024, "it passes while it is packed: {}", bomb.len());
    let (_server, bomb) = ask(answer("content-encoding: gzip\r\n", &bomb)).await;
    assert!(matches!(bomb, Err(EgressError::TooLarge { .. })), "{bomb:?}");
}

#[tokio::test]
async fn a_request_may_ask_for_less_than_the_limit_but_not_for_more() {
    for (bytes, at_most, expected) in [(100, 99, 99), (70_000, usize::MAX, 65_536)] {
        let server = FarServer::start(answer("", &vec![b'x'; bytes])).await;
        let target = Target::parse(&format!("http://127.0.0.1:{}/", server.port())).unwrap();
        let answer = loopback().send(Request::get(target).at_most(at_most)).await;
        assert!(
            matches!(answer, Err(EgressError::TooLarge { limit, .. }) if limit == expected),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_ends_with_the_total_time() {
    let body = Manner::Drip(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), b"x".to_vec());
    let head = Manner::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-a: b\r\n".to_vec());
    for manner in [body, head] {
        let (_server, answer) = ask(manner).await;
        assert!(matches!(answer, Err(EgressError::Timeout { phase: Phase::Answering })), "{answer:?}");
    }
}

#[tokio::test]
async fn what_the_far_side_said_is_not_repeated_in_an_error() {
    let nonsense = [
        &b"canary canary canary\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\ncanary\x00: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: canary\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 6\r\n\r\ncanary",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ncanary\r\n",
        b"HTTP/1.1 302 canary\r\nlocation: https://canary/\r\ncontent-length: 6\r\n\r\ncanary",
    ];
    for bytes in nonsense {
        let (_server, answer) = ask(Manner::Answer(bytes.to_vec())).await;
        let Err(error) = answer else { panic!("{} was understood", bytes.escape_ascii()) };
        assert!(error.request_was_written());
        assert!(!all_it_says(&error).contains("canary"), "{}", all_it_says(&error));
    }
}

#[tokio::test]
async fn an_errand_carries_its_body() {
    let server = FarServer::start(answer("", b"")).await;
    let target = Target::parse(&format!("http://127.0.0.1:{}/", server.port())).unwrap();
    let body = Body::Bytes { content_type: "text/plain", bytes: "errand".into() };
    loopback().send(Request::post(target, body)).await.unwrap();
    let request = server.requests().remove(0);
    assert!(
        request.contains("content-type: text/plain\r\n") && request.ends_with("\r\n\r\nerrand"),
        "{request}"
    );
}

#[test]
fn proxy_variables_are_ignored() {
    // Another process, since variables belong to the whole of one.
    let once_more = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "egress::client::tests::answers::an_answer_is_read_whole"])
        .envs(
            ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
                .map(|name| (name, "http://127.0.0.1:1")),
        )
        .env_remove("no_proxy")
        .env_remove("NO_PROXY")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&once_more.stdout);
    assert!(once_more.status.success() && said.contains("1 passed"), "{said}");
}
