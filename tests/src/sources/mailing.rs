//! Mail: what lies in the outbox is sent once, under one Message-ID, by whoever takes it.

use chrono::Duration;
use draxis_commands::secret::EncryptionKeys;
use draxis_runner::mail::loopback::{SmtpFault, SmtpPlan, SmtpServer};
use draxis_runner::mail::{MailAddress, MailSecurity, MailSettings};
use serde_json::json;
use sqlx::{Executor, Row};

use crate::house::{TestDatabase, Web};

fn settings(server: &SmtpServer) -> MailSettings {
    let from = MailAddress::parse("Draxis <draxis@example.com>").unwrap();
    MailSettings::try_new("127.0.0.1", server.port(), MailSecurity::Plain, from).ok().unwrap()
}

async fn invited(web: &Web, email: &str) -> String {
    let root = if web.get("", "/api/auth/needs-setup").await.json()["needsSetup"] == true {
        web.register().await
    } else {
        let login = json!({"email": "root@acme.example", "password": "correct horse battery"});
        web.post("", "/api/auth/login", &login).await.expect(200).field("accessToken")
    };
    let invite = json!({"email": email, "role": "superadmin"});
    web.post(&root, "/api/invitations", &invite).await.expect(201).field("token")
}

async fn row(database: &TestDatabase) -> (bool, bool, i32, String, Option<String>) {
    let mut superuser = database.superuser().await;
    let query = "SELECT sent_at IS NOT NULL, failed_at IS NOT NULL, attempts, body, failure FROM mail_outbox";
    let row = superuser.fetch_one(query).await.unwrap();
    (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_mailed_once_however_many_look_into_the_outbox() {
    let database = TestDatabase::make().await;
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    let keys = EncryptionKeys::generate().unwrap();
    let web = Web::reaching(&database, keys, Some(settings(&server))).await;
    let token = invited(&web, "ada@acme.example").await;
    let outbox = web.app.outbox.clone().unwrap();
    futures_util::future::join_all((0..8).map(|_| outbox.send_due())).await.into_iter().for_each(|sent| {
        sent.unwrap();
    });
    // Its own follower may have been the one that took it.
    while !row(&database).await.0 {
        tokio::task::yield_now().await;
    }
    let letters = server.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, ["ada@acme.example"]);
    assert!(letters[0].text.contains(&token), "the link is in it");
    let id = letters[0].header("message-id").unwrap();
    assert!(id.ends_with(".outbox@example.com>"), "{id}");
    assert_eq!(row(&database).await.3, "", "the text is not kept");
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_does_not_get_through_is_tried_again_later_under_the_same_id() {
    let database = TestDatabase::make().await;
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    server.set_fault(SmtpFault::KeepThenHangUp);
    let web = Web::reaching(&database, EncryptionKeys::generate().unwrap(), Some(settings(&server))).await;
    invited(&web, "ada@acme.example").await;
    let outbox = web.app.outbox.clone().unwrap();
    outbox.send_due().await.unwrap();
    while row(&database).await.4.is_none() {
        tokio::task::yield_now().await;
    }
    server.set_fault(SmtpFault::None);
    assert_eq!(outbox.send_due().await.unwrap(), 0, "not before its time");
    web.clock.advance(Duration::minutes(1));
    outbox.send_due().await.unwrap();
    while !row(&database).await.0 {
        tokio::task::yield_now().await;
    }
    let letters = server.letters();
    assert_eq!(letters.len(), 2, "whether the first was taken could not be known");
    assert_eq!(letters[0].header("message-id"), letters[1].header("message-id"));
    web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_refused_for_good_is_given_up() {
    let database = TestDatabase::make().await;
    let server = SmtpServer::start(SmtpPlan::default()).await.unwrap();
    server.set_fault(SmtpFault::RefuseRecipients(550));
    let web = Web::reaching(&database, EncryptionKeys::generate().unwrap(), Some(settings(&server))).await;
    invited(&web, "nobody@acme.example").await;
    let outbox = web.app.outbox.clone().unwrap();
    outbox.send_due().await.unwrap();
    while !row(&database).await.1 {
        tokio::task::yield_now().await;
    }
    web.clock.advance(Duration::days(1));
    outbox.send_due().await.unwrap();
    let (sent, _, attempts, _, failure) = row(&database).await;
    assert_eq!((sent, attempts, failure.as_deref()), (false, 1, Some("mail.rejected")));
    web.stop().await;
}
