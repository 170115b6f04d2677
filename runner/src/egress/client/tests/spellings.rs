//! Hazard H7's corpus: every known way to write an address that must not be reached, and resolvers that lie.

use super::*;
use crate::egress::far_server::{FarServer, Manner};
use crate::egress::{NotGlobal, Refused};

/// Addresses, however they are written.
const ADDRESSES: &[&str] = &[
    // This machine
    "https://127.0.0.1/",
    "https://127.0.0.1:8443/admin",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.127.127.127/",
    "https://127.255.255.254/",
    "https://2130706433/",
    "https://2130706433./",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0X7F000001/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://0177.0.0.01/",
    "https://00000177.0.0.1/",
    "https://127.0x0.0.1/",
    "https://127.0.0.0x1/",
    "https://%31%32%37.0.0.1/",
    "https://127%2e0%2e0%2e1/",
    "https://127。0。0。1/",
    "https://127.0。0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https:127.0.0.1/",
    "https:/127.0.0.1/",
    "https:///127.0.0.1/",
    "https:\\\\127.0.0.1\\",
    "https://\t127.0.0.1/",
    "https://127.0.\n0.1/",
    "hTTps://127.0.0.1:443",
    "https://127.0.0.1:0443/",
    "https://127.0.0.1?@example.com/",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1\\@example.com/",
    "https://[::1]/",
    "https://[::1]:8443/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "https://[::0001]/",
    "https://[::0.0.0.1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://[::FFFF:7F00:0001]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "https://0.0.0.0/",
    "https://0/",
    "https://0x0/",
    "https://00/",
    "https://0.0/",
    "https://0.255.255.255/",
    "https://[::]/",
    "https://[::ffff:0.0.0.0]/",
    // Metadata services
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.43518/",
    "https://169.16689662/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://0xa9.0xfe.0xa9.0xfe/",
    "https://0251.0376.0251.0376/",
    "https://025177524776/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[fd00:ec2::254]/",
    "https://[fd20:ce::254]/",
    "https://169.254.170.2/v2/credentials",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    // Private, shared, local
    "https://10.0.0.1/",
    "https://012.0.0.1/",
    "https://167772161/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://0300.0250.0.1/",
    "https://3232235521/",
    "https://100.64.0.1/",
    "https://100.127.255.254/",
    "https://169.254.0.1/",
    "https://[fc00::1]/",
    "https://[fd12:3456:789a::1]/",
    "https://[fe80::1]/",
    "https://[febf::1]/",
    "https://[fec0::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:192.168.0.1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[2002:a00:1::]/",
    // Everything else that is nobody
    "https://192.0.0.1/",
    "https://192.0.2.1/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://4294967295/",
    "https://[ff02::1]/",
    "https://[ff0e::1]/",
    "https://[2001:db8::1]/",
    "https://[2001:2::1]/",
    "https://[2001:10::1]/",
    "https://[3fff::1]/",
    "https://[100::1]/",
    "https://[5f00::1]/",
    "https://[4000::1]/",
    "https://[::ffff:8.8.8.8]/",
];

/// Names, as the resolver is asked for them, and what it says they stand for.
const NAMES: &[(&str, &str, &str)] = &[
    ("https://localhost/", "localhost", "127.0.0.1"),
    ("https://LOCALHOST/", "localhost", "127.0.0.1"),
    ("https://localhost./", "localhost.", "127.0.0.1"),
    ("https://loc%61lhost/", "localhost", "127.0.0.1"),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "localhost", "127.0.0.1"),
    ("https://loc\u{ad}alhost/", "localhost", "127.0.0.1"),
    ("https://localhost:8443/", "localhost", "::1"),
    ("https://app.localhost/", "app.localhost", "127.0.0.1"),
    ("https://localhost.localdomain/", "localhost.localdomain", "127.0.0.1"),
    ("https://127.0.0.1.nip.io/", "127.0.0.1.nip.io", "127.0.0.1"),
    ("https://metadata.google.internal/", "metadata.google.internal", "169.254.169.254"),
    ("https://instance-data/latest/", "instance-data", "169.254.169.254"),
    ("https://metadata/", "metadata", "fd00:ec2::254"),
    ("https://kubernetes.default.svc/", "kubernetes.default.svc", "10.96.0.1"),
    ("https://jira/", "jira", "192.168.1.5"),
    ("https://router.home.arpa/", "router.home.arpa", "192.168.1.1"),
    ("https://printer.local/", "printer.local", "169.254.7.7"),
    ("https://mapped.example/", "mapped.example", "::ffff:10.0.0.1"),
    ("https://nat64.example/", "nat64.example", "64:ff9b::a00:1"),
    ("https://sixtofour.example/", "sixtofour.example", "2002:7f00:1::"),
    ("https://teredo.example/", "teredo.example", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
    ("https://any.example/", "any.example", "0.0.0.0"),
    ("https://cgnat.example/", "cgnat.example", "100.64.0.1"),
    ("https://wire.example/", "wire.example", "168.63.129.16"),
];

fn refused(answer: &Result<Response, EgressError>) -> bool {
    matches!(answer, Err(EgressError::Refused(Refused::Address { .. })))
}

fn egress(allow: AllowedNetworks, names: Arc<Names>) -> Egress {
    Egress::new(&config(allow), names).unwrap()
}

#[tokio::test]
async fn no_spelling_of_an_address_inside_is_reached() {
    assert!(ADDRESSES.len() + NAMES.len() >= 80);
    let egress = egress(AllowedNetworks::none(), Arc::default());
    for url in ADDRESSES {
        let answer = get(&egress, url).await;
        assert!(refused(&answer), "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn no_name_that_stands_for_an_address_inside_is_reached() {
    for (url, name, address) in NAMES {
        let names = Arc::new(Names::default().with(name, &[&[address]]));
        let answer = get(&egress(AllowedNetworks::none(), Arc::clone(&names)), url).await;
        assert!(refused(&answer), "{url}: {answer:?}");
        assert_eq!(names.asked(), 1, "{url}");
    }
}

#[tokio::test]
async fn http_is_refused_in_the_same_spellings() {
    let egress = egress(AllowedNetworks::none(), Arc::default());
    for url in ADDRESSES {
        let answer = get(&egress, &format!("http{}", &url[5..]).replace(":443", ":80")).await;
        assert!(refused(&answer), "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn one_bad_answer_among_good_ones_refuses_the_name() {
    for answers in [["1.1.1.1", "127.0.0.1"], ["127.0.0.1", "1.1.1.1"], ["2606:4700::1111", "fe80::1"]] {
        let names = Arc::new(Names::default().with("mixed.example", &[&answers]));
        let answer = get(&egress(AllowedNetworks::none(), names), "https://mixed.example/").await;
        assert!(refused(&answer), "{answers:?}: {answer:?}");
    }
}

/// Two servers on one port: the one the first answer leads to, and the one the second would.
async fn honest_and_hidden() -> (FarServer, FarServer) {
    let answer =
        Manner::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec());
    let honest = FarServer::start_at("127.0.0.2:0".parse().unwrap(), answer.clone(), None).await;
    let hidden = format!("127.0.0.3:{}", honest.port()).parse().unwrap();
    (honest, FarServer::start_at(hidden, answer, None).await)
}

#[tokio::test]
async fn a_resolver_that_changes_its_mind_leads_nowhere_new() {
    for scheme in ["http", "https"] {
        let (honest, hidden) = honest_and_hidden().await;
        let names = Arc::new(Names::default().with("rebind.example", &[&["127.0.0.2"], &["127.0.0.3"]]));
        let egress = egress(AllowedNetworks::parse("127.0.0.2").unwrap(), Arc::clone(&names));
        let url = format!("{scheme}://rebind.example:{}/", honest.port());

        // Over https the server says nothing that TLS understands; what counts is that it was the one reached.
        assert!(!refused(&get(&egress, &url).await), "{scheme}: the first answer is allowed");
        assert_eq!(names.asked(), 1, "{scheme}: asked once, and that answer used");
        assert_eq!((honest.connections(), hidden.connections()), (1, 0), "{scheme}");

        assert!(refused(&get(&egress, &url).await), "{scheme}: the second answer is not");
        assert_eq!((honest.connections(), hidden.connections()), (1, 0), "{scheme}");
    }
}

#[tokio::test]
async fn http_to_a_public_address_is_refused() {
    let names = Arc::new(Names::default().with("example.com", &[&["1.1.1.1"]]));
    let egress = egress(AllowedNetworks::loopback(), names);
    for url in ["http://example.com/", "http://1.1.1.1/"] {
        let answer = get(&egress, url).await;
        assert!(matches!(answer, Err(EgressError::Refused(Refused::Plain))), "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_kind_of_address_but_not_the_address() {
    let names = Arc::new(Names::default().with("inside.example", &[&["10.11.12.13"]]));
    let Err(error) = get(&egress(AllowedNetworks::none(), names), "https://inside.example/").await else {
        panic!("reached")
    };
    assert!(matches!(error, EgressError::Refused(Refused::Address { why: NotGlobal::Private })), "{error:?}");
    assert!(!error.request_was_written());
    assert!(!all_it_says(&error).contains("10.11"));
}
