//! TLS for real: the name asked for is the name of the URL, though the connection goes to an address.

use super::*;
use crate::egress::far_server::{Authority, FarServer, Manner};
use crate::egress::{Body, roots_from_pem};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

async fn server(authority: &Authority, name: &str) -> FarServer {
    FarServer::start_tls(Manner::Answer(OK.to_vec()), authority.server(name)).await
}

fn trusting(authority: Option<&Authority>) -> Egress {
    let mut config = config(AllowedNetworks::loopback());
    config.extra_roots = authority.map(Authority::root).into_iter().collect();
    let names =
        Names::default().with("vendor.example", &[&["127.0.0.1"]]).with("other.example", &[&["127.0.0.1"]]);
    Egress::new(&config, Arc::new(names)).unwrap()
}

#[tokio::test]
async fn the_name_of_the_url_is_kept_for_tls_and_for_host() {
    let authority = Authority::new();
    let server = server(&authority, "vendor.example").await;
    let url = format!("https://vendor.example:{}/", server.port());
    let answer = get(&trusting(Some(&authority)), &url).await.unwrap();
    assert_eq!(&answer.body()[..], b"ok");
    assert_eq!(server.names(), [Some("vendor.example".to_owned())]);
    let host = format!("host: vendor.example:{}\r\n", server.port());
    assert!(server.requests()[0].to_lowercase().contains(&host), "{:?}", server.requests());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_before_the_request() {
    let authority = Authority::new();
    let server = server(&authority, "vendor.example").await;
    let answer = get(&trusting(Some(&authority)), &format!("https://other.example:{}/", server.port())).await;
    let Err(error) = answer else { panic!("trusted") };
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");
    assert!(!error.request_was_written());
    assert_eq!(server.requests().len(), 0);
}

#[tokio::test]
async fn an_authority_nobody_added_is_refused_before_the_request() {
    let server = server(&Authority::new(), "vendor.example").await;
    let answer = get(&trusting(None), &format!("https://vendor.example:{}/", server.port())).await;
    let Err(error) = answer else { panic!("trusted") };
    assert!(matches!(error, EgressError::Tls { .. }), "{error:?}");
    assert!(!error.request_was_written());
}

#[tokio::test]
async fn questions_share_a_connection_and_errands_do_not() {
    let authority = Authority::new();
    let server = server(&authority, "vendor.example").await;
    let egress = trusting(Some(&authority));
    let url = format!("https://vendor.example:{}/", server.port());
    for _ in 0..3 {
        get(&egress, &url).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    for _ in 0..3 {
        egress.send(Request::post(Target::parse(&url).unwrap(), Body::Empty)).await.unwrap();
    }
    assert_eq!(server.connections(), 4);
}

#[test]
fn extra_roots_are_read_from_pem_and_anything_else_is_refused() {
    let one = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    assert_eq!(roots_from_pem(one.repeat(2).as_bytes()).unwrap().len(), 2);
    assert!(roots_from_pem(b"nothing").is_err());
    let mut config = config(AllowedNetworks::none());
    config.extra_roots = roots_from_pem(one.as_bytes()).unwrap();
    assert!(Egress::new(&config, Arc::new(Names::default())).is_err(), "PEM, but no certificate inside");
}
