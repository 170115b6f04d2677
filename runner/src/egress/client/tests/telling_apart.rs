//! Hazard H3: which failures are safe to send again, and which may have taken effect.

use draxis_commands::secret::Secret;

use super::*;
use crate::egress::far_server::{FarServer, Manner};
use crate::egress::{Body, BuildError, Phase};

/// Never answers.
struct Mute;

impl Resolver for Mute {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::pending())
    }
}

async fn post(egress: &Egress, url: &str) -> EgressError {
    let body = Body::Bytes { content_type: "text/plain", bytes: "errand".into() };
    match egress.send(Request::post(Target::parse(url).unwrap(), body)).await {
        Ok(answer) => panic!("answered: {answer:?}"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_name_nobody_knows_is_before_the_request() {
    let error = post(&loopback(), "https://unknown.example/").await;
    assert!(matches!(error, EgressError::Name { .. }), "{error:?}");
    assert!(!error.request_was_written());
}

#[tokio::test]
async fn a_port_nobody_listens_on_is_before_the_request() {
    // Bound but not listening: nobody else can take the port meanwhile.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    for scheme in ["http", "https"] {
        let error = post(&loopback(), &format!("{scheme}://127.0.0.1:{port}/")).await;
        assert!(matches!(error, EgressError::Connect { .. }), "{error:?}");
        assert!(!error.request_was_written());
    }
}

#[tokio::test]
async fn a_resolver_that_never_answers_is_before_the_request() {
    let egress = Egress::new(&config(AllowedNetworks::none()), Arc::new(Mute)).unwrap();
    let error = post(&egress, "https://example.com/").await;
    assert!(matches!(error, EgressError::Timeout { phase: Phase::Connecting }), "{error:?}");
    assert!(!error.request_was_written());
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_before_the_request() {
    let server = FarServer::start(Manner::Silent).await;
    let error = post(&loopback(), &format!("https://127.0.0.1:{}/", server.port())).await;
    assert!(matches!(error, EgressError::Timeout { phase: Phase::Connecting }), "{error:?}");
    assert!(!error.request_was_written());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn hanging_up_after_the_request_leaves_open_whether_it_took_effect() {
    let server = FarServer::start(Manner::HangUpAfterRequest).await;
    let error = post(&loopback(), &format!("http://127.0.0.1:{}/", server.port())).await;
    assert!(matches!(error, EgressError::Lost { .. }), "{error:?}");
    assert!(error.request_was_written());
    assert_eq!(server.requests().len(), 1, "sent once, and never again by itself");
}

#[tokio::test]
async fn hanging_up_on_connecting_counts_as_heard_since_it_cannot_be_told() {
    let server = FarServer::start(Manner::HangUpAtOnce).await;
    let error = post(&loopback(), &format!("http://127.0.0.1:{}/", server.port())).await;
    assert!(error.request_was_written(), "{error:?}");
    assert_eq!(server.connections(), 1, "tried once, and never again by itself");
}

#[tokio::test]
async fn silence_after_the_request_leaves_open_whether_it_took_effect() {
    let server = FarServer::start(Manner::Silent).await;
    let error = post(&loopback(), &format!("http://127.0.0.1:{}/", server.port())).await;
    assert!(matches!(error, EgressError::Timeout { phase: Phase::Answering }), "{error:?}");
    assert!(error.request_was_written());
}

#[tokio::test]
async fn a_request_may_be_given_less_time() {
    let server = FarServer::start(Manner::Silent).await;
    let mut config = config(AllowedNetworks::loopback());
    config.timeouts = Timeouts::default();
    let egress = Egress::new(&config, Arc::new(Names::default())).unwrap();
    let target = Target::parse(&format!("http://127.0.0.1:{}/", server.port())).unwrap();
    let answer = egress.send(Request::get(target).within(Duration::from_millis(50))).await;
    assert!(matches!(answer, Err(EgressError::Timeout { .. })), "{answer:?}");
}

#[tokio::test]
async fn no_error_repeats_a_secret_of_the_request() {
    let secret = || Arc::new(Secret::new("canary".to_owned()));
    let silent = FarServer::start(Manner::Silent).await;
    let hangs_up = FarServer::start(Manner::HangUpAfterRequest).await;
    let urls = [
        "https://unknown.example/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        format!("http://127.0.0.1:{}/", silent.port()),
        format!("https://127.0.0.1:{}/", hangs_up.port()),
        format!("http://127.0.0.1:{}/", hangs_up.port()),
    ];
    for url in urls {
        let body = Body::Form(vec![("token".to_owned(), secret().into())]);
        let shown = Request::post(Target::parse(&url).unwrap(), body).query("key", secret()).bearer(secret());
        let hidden = Request::get(Target::secret(Secret::new(format!("{url}canary"))));
        for request in [shown, hidden] {
            let said = all_it_says(&loopback().send(request).await.unwrap_err());
            assert!(!said.contains("canary"), "{said}");
        }
    }
}

#[test]
fn time_outs_that_could_not_tell_before_from_after_are_refused() {
    let mut config = config(AllowedNetworks::none());
    config.timeouts.connect = config.timeouts.total;
    let built = Egress::new(&config, Arc::new(Names::default()));
    assert!(matches!(built.err(), Some(BuildError::Timeouts)));
}
