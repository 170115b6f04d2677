//! Relays as a tenant would have set them up, towards far systems on loopback.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use draxis_commands::secret::Secret;
use draxis_domain::relay::{Channel, RelaySettings};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use crate::egress::{AllowedNetworks, Egress, EgressConfig, Resolver, Timeouts};
use crate::far_systems::{FarJira, FarServiceNow, FarSlack, FarSystem, WebhookReceiver};
use crate::mail::Mailer;
use crate::relay::deliver::{OpenedRelay, Ways};
use crate::relay::{
    EffectContent, EffectOutcome, EffectReference, EffectRequest, LookUp, RelayCredentials, RelayError,
};

pub(super) const USER: &str = "ann@example.com";
pub(super) const TOKEN: &str = "canary-token";
pub(super) const SIGNING: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Knows no name.
struct NoNames;

impl Resolver for NoNames {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(io::Error::from(io::ErrorKind::NotFound)) })
    }
}

pub(super) struct Rig {
    egress: Egress,
    mailer: Mailer,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::within(AllowedNetworks::loopback())
    }

    pub(super) fn within(allow: AllowedNetworks) -> Self {
        let timeouts = Timeouts {
            connect: Duration::from_secs(1),
            idle: Duration::from_millis(1500),
            total: Duration::from_secs(2),
        };
        let config = EgressConfig { allow, timeouts, ..EgressConfig::default() };
        let mailer = Mailer::new(&config, Arc::new(NoNames));
        Self { egress: Egress::new(&config, Arc::new(NoNames)).unwrap(), mailer }
    }

    fn ways(&self) -> Ways<'_> {
        Ways { egress: &self.egress, mailer: &self.mailer, at: DateTime::UNIX_EPOCH }
    }

    pub(super) async fn send(&self, relay: &Set, request: &EffectRequest) -> EffectOutcome {
        let outcome = self.ways().send(relay.open(), request).await.into();
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
        outcome
    }

    pub(super) async fn look_up(&self, relay: &Set, request: &EffectRequest) -> Result<LookUp, RelayError> {
        self.ways().look_up(relay.open(), request).await
    }

    pub(super) async fn status(
        &self,
        relay: &Set,
        reference: &EffectReference,
    ) -> Result<String, RelayError> {
        self.ways().ticket_status(relay.open(), reference).await
    }
}

/// A relay that is set up.
#[derive(Clone)]
pub(super) struct Set {
    channel: Channel,
    settings: Value,
    secret: Option<(&'static str, String)>,
}

impl Set {
    pub(super) fn new(channel: Channel, settings: Value, secret: Option<(&'static str, &str)>) -> Self {
        Self { channel, settings, secret: secret.map(|(name, text)| (name, text.to_owned())) }
    }

    fn open(&self) -> OpenedRelay {
        let fields: BTreeMap<String, Secret> =
            self.secret.iter().map(|(name, text)| ((*name).to_owned(), Secret::new(text.clone()))).collect();
        OpenedRelay {
            settings: RelaySettings::read(self.channel, self.settings.clone()).unwrap(),
            credentials: RelayCredentials::new(fields),
        }
    }

    pub(super) fn jira(url: &str) -> Self {
        Self::new(Channel::Jira, json!({ "baseUrl": url, "user": USER }), Some(("token", TOKEN)))
    }

    pub(super) fn servicenow(url: &str) -> Self {
        Self::new(Channel::ServiceNow, json!({ "baseUrl": url, "user": "ann" }), Some(("password", TOKEN)))
    }

    pub(super) fn slack(url: &str) -> Self {
        Self::new(Channel::Slack, json!({ "mode": "bot", "baseUrl": url }), Some(("token", TOKEN)))
    }

    pub(super) fn slack_webhook(url: &str) -> Self {
        let url = format!("{url}{}", FarSlack::webhook_path());
        Self::new(Channel::Slack, json!({ "mode": "webhook" }), Some(("url", &url)))
    }

    pub(super) fn webhook(url: &str) -> Self {
        let url = format!("{url}/draxis");
        Self::new(Channel::Webhook, json!({ "url": url }), Some(("secret", SIGNING)))
    }

    pub(super) fn email(port: u16) -> Self {
        let settings = json!({
            "host": "127.0.0.1", "port": port, "encryption": "none",
            "from": "draxis@example.com", "replyTo": "security@example.com",
        });
        Self::new(Channel::Email, settings, None)
    }
}

pub(super) async fn jira() -> FarSystem<FarJira> {
    FarSystem::start(FarJira::new(USER, TOKEN, &["OPS", "SEC"])).await.unwrap()
}

pub(super) async fn servicenow() -> FarSystem<FarServiceNow> {
    FarSystem::start(FarServiceNow::new("ann", TOKEN)).await.unwrap()
}

pub(super) async fn slack() -> FarSystem<FarSlack> {
    FarSystem::start(FarSlack::new(TOKEN, &["alerts", "general"])).await.unwrap()
}

pub(super) async fn receiver() -> FarSystem<WebhookReceiver> {
    FarSystem::start(WebhookReceiver::new(SIGNING)).await.unwrap()
}

pub(super) fn effect(number: u32, what: EffectContent) -> EffectRequest {
    EffectRequest { effect_id: format!("{number:032x}").parse().unwrap(), what }
}

pub(super) fn issue() -> EffectContent {
    EffectContent::Jira {
        ticket: serde_json::from_value(
            json!({ "project": "OPS", "labels": ["cyber risk"], "priority": "High" }),
        )
        .unwrap(),
        summary: "3 critical CVEs\nare unpatched".to_owned(),
        description: Some("See *this*:\nhttps://draxis.example/kris/1\n\nThank you".to_owned()),
    }
}

pub(super) fn record() -> EffectContent {
    EffectContent::ServiceNow {
        ticket: serde_json::from_value(json!({ "assignmentGroup": "Service Desk", "urgency": "1" })).unwrap(),
        summary: "3 critical CVEs\nare unpatched".to_owned(),
        description: Some("See this".to_owned()),
    }
}

pub(super) fn message(channel: &str) -> EffectContent {
    EffectContent::Slack {
        channel: channel.to_owned(),
        text: "*3 critical CVEs* &lt;unpatched&gt;".to_owned(),
    }
}

pub(super) fn delivery() -> EffectContent {
    EffectContent::Webhook { event: "workflow.step".to_owned(), body: json!({ "kri": "critical_cves" }) }
}

pub(super) fn letter() -> EffectContent {
    let to = |name: Option<&str>, email: &str| {
        (name.map(|name| name.to_owned().try_into().unwrap()), email.to_owned().try_into().unwrap())
    };
    EffectContent::Email {
        to: vec![to(Some("Bell, Bo"), "bo@example.com"), to(None, "cy@example.com")],
        subject: "3 critical CVEs\r\nBcc: eve@example.com".to_owned(),
        text: "See https://draxis.example/kris/1".to_owned(),
    }
}
