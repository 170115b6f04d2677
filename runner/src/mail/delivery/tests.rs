//! The mailer against a mail server that really speaks, and fails as told.

use std::io;

use draxis_commands::secret::Secret;
use futures_util::future::BoxFuture;

use super::*;
use crate::egress::far_server::Authority;
use crate::egress::{AllowedNetworks, NotGlobal, Refused};
use crate::mail::loopback::{SmtpFault, SmtpPlan, SmtpServer, SmtpTls};
use crate::mail::{MailAddress, MessageId};

const ID: &str = "<0123abcd.run@draxis.example>";

/// Every name stands for this address.
struct Everywhere(&'static str);

impl Resolver for Everywhere {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![self.0.parse().unwrap()]) })
    }
}

fn mailer(allow: AllowedNetworks, extra_roots: Vec<CertificateDer<'static>>) -> Mailer {
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        idle: Duration::from_millis(1500),
        total: Duration::from_secs(2),
    };
    let config = EgressConfig { allow, extra_roots, timeouts, ..EgressConfig::default() };
    Mailer::new(&config, Arc::new(Everywhere("127.0.0.1")))
}

fn settings(host: &str, port: u16, security: MailSecurity) -> MailSettings {
    MailSettings::try_new(host, port, security, MailAddress::parse("Draxis <draxis@example.com>").unwrap())
        .unwrap()
}

fn letter() -> Letter {
    let to = ["ann@example.com", "Bo <bo@example.com>"].map(|text| MailAddress::parse(text).unwrap());
    let text = "Hello,\n.a line that begins with a dot\nand canary-text";
    Letter::try_new(MessageId::parse(ID).unwrap(), to.into(), "Grüße", text).unwrap().html("<p>Hello</p>")
}

async fn send(server: &SmtpServer, security: MailSecurity) -> Result<(), MailError> {
    let settings = settings("127.0.0.1", server.port(), security);
    mailer(AllowedNetworks::loopback(), vec![]).send(&settings, &letter(), DateTime::UNIX_EPOCH).await
}

async fn send_with(fault: SmtpFault) -> (SmtpServer, Result<(), MailError>) {
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    server.set_fault(fault);
    let sent = send(&server, MailSecurity::Plain).await;
    (server, sent)
}

#[tokio::test]
async fn a_letter_arrives_whole_under_its_message_id() {
    let (server, sent) = send_with(SmtpFault::None).await;
    sent.unwrap();
    let letters = server.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].from, "draxis@example.com");
    assert_eq!(letters[0].to, ["ann@example.com", "bo@example.com"]);
    assert_eq!(letters[0].header("message-id"), Some(ID));
    assert!(letters[0].text.contains("\r\n.a line that begins with a dot\r\n"), "{}", letters[0].text);
}

#[tokio::test]
async fn what_fails_before_the_letter_is_safe_to_send_again() {
    type Expected = fn(&MailError) -> bool;
    let cases: [(SmtpFault, Expected); 6] = [
        (SmtpFault::HangUpOnConnect, |e| matches!(e, MailError::Connect)),
        (SmtpFault::StallOnConnect, |e| matches!(e, MailError::Timeout { phase: Phase::Connecting })),
        (SmtpFault::RefuseRecipients(450), |e| matches!(e, MailError::Deferred { code: 450 })),
        (SmtpFault::RefuseRecipients(550), |e| matches!(e, MailError::Rejected { code: 550 })),
        (SmtpFault::HangUpBeforeLetter, |e| matches!(e, MailError::Interrupted)),
        (SmtpFault::StallBeforeLetter, |e| matches!(e, MailError::Timeout { phase: Phase::Connecting })),
    ];
    for (fault, expected) in cases {
        let (server, sent) = send_with(fault).await;
        let error = sent.unwrap_err();
        assert!(expected(&error), "{fault:?}: {error:?}");
        assert!(!error.may_have_been_sent(), "{fault:?}");
        assert_eq!(server.letters().len(), 0, "{fault:?}");
    }
}

#[tokio::test]
async fn silence_after_the_letter_leaves_open_whether_it_was_taken() {
    for fault in [SmtpFault::KeepThenHangUp, SmtpFault::KeepThenStall] {
        let (server, sent) = send_with(fault).await;
        let error = sent.unwrap_err();
        assert!(error.may_have_been_sent(), "{fault:?}: {error:?}");
        assert_eq!((server.letters().len(), server.connections()), (1, 1), "{fault:?}: sent once");
    }
}

#[tokio::test]
async fn a_refusal_after_the_letter_is_an_answer() {
    for (code, permanent) in [(451, false), (554, true)] {
        let (server, sent) = send_with(SmtpFault::RefuseLetter(code)).await;
        let error = sent.unwrap_err();
        assert_eq!(matches!(error, MailError::Rejected { .. }), permanent, "{error:?}");
        assert!(!error.may_have_been_sent());
        assert_eq!(server.letters().len(), 0);
    }
}

#[tokio::test]
async fn a_letter_confirmed_is_sent_whatever_becomes_of_the_goodbye() {
    let (server, sent) = send_with(SmtpFault::StallOnQuit).await;
    sent.unwrap();
    assert_eq!(server.letters().len(), 1);
}

#[tokio::test]
async fn a_login_is_used_and_a_wrong_one_refused_without_a_word_of_it() {
    let login = Some(("ann".to_owned(), "canary".to_owned()));
    let server = SmtpServer::start(SmtpPlan { login, ..SmtpPlan::default() }).await.unwrap();
    for (password, welcome) in [("canary", true), ("canary-wrong", false)] {
        let password = Arc::new(Secret::new(password.to_owned()));
        let settings = settings("127.0.0.1", server.port(), MailSecurity::Plain)
            .login(MailLogin { user: "ann".to_owned(), password });
        let mailer = mailer(AllowedNetworks::loopback(), vec![]);
        let sent = mailer.send(&settings, &letter(), DateTime::UNIX_EPOCH).await;
        assert_eq!(sent.is_ok(), welcome, "{sent:?}");
        assert!(!format!("{sent:?}").contains("canary"), "{sent:?}");
    }
    assert_eq!(server.letters()[0].user.as_deref(), Some("ann"));
    let without = send(&server, MailSecurity::Plain).await;
    assert!(matches!(without, Err(MailError::Rejected { code: 530 })), "{without:?}");
}

#[tokio::test]
async fn tls_is_kept_to_the_servers_name_at_once_or_on_request() {
    let authority = Authority::new();
    let config = Arc::new(authority.server("mail.example"));
    let cases = [
        (MailSecurity::Implicit, SmtpTls::Implicit(Arc::clone(&config))),
        (MailSecurity::StartTls, SmtpTls::OnRequest(config)),
    ];
    for (security, tls) in cases {
        let server = SmtpServer::start(SmtpPlan { tls, ..SmtpPlan::default() }).await.unwrap();
        let right = settings("mail.example", server.port(), security);
        let wrong = settings("other.example", server.port(), security);
        let trusting = mailer(AllowedNetworks::loopback(), vec![authority.root()]);
        trusting.send(&right, &letter(), DateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!(server.letters()[0].tls_name.as_deref(), Some("mail.example"));

        let sent = trusting.send(&wrong, &letter(), DateTime::UNIX_EPOCH).await;
        assert!(matches!(sent, Err(MailError::Tls { .. })), "{security:?}: {sent:?}");
        let stranger = mailer(AllowedNetworks::loopback(), vec![]);
        let sent = stranger.send(&right, &letter(), DateTime::UNIX_EPOCH).await;
        assert!(matches!(sent, Err(MailError::Tls { .. })), "{security:?}: {sent:?}");
        assert_eq!(server.letters().len(), 1);
    }
}

#[tokio::test]
async fn without_the_starttls_that_was_asked_for_nothing_is_sent() {
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    let sent = send(&server, MailSecurity::StartTls).await;
    assert!(matches!(sent, Err(MailError::NoStartTls)), "{sent:?}");
    assert_eq!(server.letters().len(), 0);
}

#[tokio::test]
async fn a_mail_server_inside_is_not_reached_by_any_spelling() {
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    let closed = mailer(AllowedNetworks::none(), vec![]);
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "::1",
        "[::ffff:127.0.0.1]",
        "localhost.",
    ] {
        for security in [MailSecurity::Implicit, MailSecurity::StartTls, MailSecurity::Plain] {
            let settings = settings(host, server.port(), security);
            let sent = closed.send(&settings, &letter(), DateTime::UNIX_EPOCH).await;
            assert!(matches!(sent, Err(MailError::Refused(Refused::Address { .. }))), "{host}: {sent:?}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn mail_in_the_open_is_only_for_allowed_networks() {
    let config = EgressConfig::default();
    let public = Mailer::new(&config, Arc::new(Everywhere("1.1.1.1")));
    let sent = public
        .send(&settings("mail.example", 25, MailSecurity::Plain), &letter(), DateTime::UNIX_EPOCH)
        .await;
    assert!(matches!(sent, Err(MailError::Refused(Refused::Plain))), "{sent:?}");
    let private = Mailer::new(&config, Arc::new(Everywhere("10.0.0.1")));
    let sent = private
        .send(&settings("mail.example", 25, MailSecurity::Plain), &letter(), DateTime::UNIX_EPOCH)
        .await;
    let why = NotGlobal::Private;
    assert!(matches!(sent, Err(MailError::Refused(Refused::Address { why: w })) if w == why), "{sent:?}");
}
