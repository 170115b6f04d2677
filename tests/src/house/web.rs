//! The whole program served over HTTP on loopback, and somebody who asks it.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use draxis_api::app::{App, Outside, Ports, Tasks};
use draxis_api::server::serve;
use draxis_commands::sealing::SealingSettings;
use draxis_commands::secret::EncryptionKeys;
use draxis_domain::Quantity;
use draxis_domain::source::BaseUrl;
use draxis_event_store::{Database, ManualClock, UlidIds};
use draxis_runner::connector::registry::Registry;
use draxis_runner::egress::{AllowedNetworks, EgressConfig, SystemResolver};
use draxis_runner::mail::MailSettings;
use draxis_runner::model::{ModelSettings, Prices};
use draxis_runner::run::RunSettings;
use futures_util::future::BoxFuture;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{TestDatabase, contract, start_of_time};

/// A program that serves, as `draxis serve` does, on the clock of the test.
pub struct Web {
    /// The program.
    pub app: App,
    /// The time it is told.
    pub clock: ManualClock,
    base: String,
    client: reqwest::Client,
    handle: ServerHandle,
    server: JoinSet<std::io::Result<()>>,
    tasks: Tasks,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub text: String,
}

impl Told {
    /// The body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// One field of the body as text.
    pub fn field(&self, name: &str) -> String {
        self.json().get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The same, once it is sure that it succeeded so.
    #[expect(clippy::return_self_not_must_use, reason = "often only the check is wanted")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

/// What happens without anybody asking.
#[derive(Debug, Clone, Copy)]
enum Unasked {
    AsInTheProduct,
    Nothing,
}

/// No model of the operator's; one that a test hands in is paid for at the operator's prices.
fn priced() -> ModelSettings {
    let price = |text: &str| Quantity::parse(text).expect("a price");
    ModelSettings {
        prices: Some(Prices { input: price("3"), output: price("15") }),
        ..ModelSettings::default()
    }
}

impl Web {
    /// Serves on a database of the test's own.
    pub async fn start(database: &TestDatabase) -> Self {
        Self::with_keys(database, EncryptionKeys::generate().expect("the system has randomness")).await
    }

    /// The same under keys that another start will have too.
    pub async fn with_keys(database: &TestDatabase, keys: EncryptionKeys) -> Self {
        Self::reaching(database, keys, None).await
    }

    /// Serves and does nothing by itself: what is due is done when a test says so.
    pub async fn by_hand(database: &TestDatabase, keys: EncryptionKeys) -> Self {
        Box::pin(Self::started(database, (keys, None), Unasked::Nothing)).await
    }

    /// The same with a mail server, or without one.
    pub async fn reaching(database: &TestDatabase, keys: EncryptionKeys, mail: Option<MailSettings>) -> Self {
        Box::pin(Self::started(database, (keys, mail), Unasked::AsInTheProduct)).await
    }

    async fn started(
        database: &TestDatabase,
        (keys, mail): (EncryptionKeys, Option<MailSettings>),
        unasked: Unasked,
    ) -> Self {
        // The first one to install it wins; it is the same for all.
        drop(rustls::crypto::ring::default_provider().install_default());
        let pools = Database::new(database.options("draxis"), 6).open().await.expect("the database will do");
        let clock = ManualClock::new(start_of_time());
        let ports = Ports {
            clock: Arc::new(clock.clone()),
            ids: Arc::new(UlidIds),
            resolver: Arc::new(SystemResolver),
        };
        let egress = EgressConfig { allow: AllowedNetworks::loopback(), ..EgressConfig::default() };
        let registry = Registry::open(None).expect("the connectors read");
        let sealing = SealingSettings::try_default().expect("the default name is a name");
        let public = BaseUrl::parse("https://draxis.example").expect("an address");
        let runs = RunSettings { public, ticket_every: std::time::Duration::from_millis(50) };
        let outside = Outside { egress, registry, mail, witness: None, model: priced(), runs };
        let starting: BoxFuture<'_, _> = match unasked {
            Unasked::AsInTheProduct => Box::pin(App::start(pools, keys, outside, sealing, ports)),
            Unasked::Nothing => Box::pin(App::assemble(pools, keys, outside, sealing, ports)),
        };
        let (app, tasks) = starting.await.expect("the program starts");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let running = serve(app.clone(), listener).expect("the server starts");
        let handle = running.handle();
        let mut server = JoinSet::new();
        server.spawn(running);
        Self {
            app,
            clock,
            base: format!("http://{address}"),
            client: reqwest::Client::new(),
            handle,
            server,
            tasks,
        }
    }

    /// Where it serves.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A client without anything of its own.
    pub const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends a request with whatever headers.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Told {
        let mut request = self.client.request(method.clone(), self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.expect("the program answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let told = Told { status, headers, text: response.text().await.expect("the answer is whole") };
        contract::must_keep(method.as_str(), path, &told);
        told
    }

    /// Reads with a token.
    pub async fn get(&self, token: &str, path: &str) -> Told {
        self.send(Method::GET, path, &[("authorization", &format!("Bearer {token}"))], None).await
    }

    /// Gives a command with a token.
    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Told {
        self.command(Method::POST, token, path, body, &[]).await
    }

    /// Gives a command with a token and more headers.
    #[expect(clippy::too_many_arguments, reason = "a request has that many parts")]
    pub async fn command(
        &self,
        method: Method,
        token: &str,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> Told {
        let bearer = format!("Bearer {token}");
        let own = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let headers: Vec<_> = own.iter().chain(headers).copied().collect();
        self.send(method, path, &headers, Some(body.to_string())).await
    }

    /// What stands in the token's stream besides who looked at it and from where.
    pub async fn written(&self, token: &str) -> Vec<Value> {
        let events = self.get(token, "/api/audit/events?limit=200").await.expect(200).json();
        let events = events.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        events.into_iter().filter(|event| event.get("aggregateType") != Some(&json!("audit"))).collect()
    }

    /// Registers the first administrator and answers with their token.
    pub async fn register(&self) -> String {
        let body = json!({"email": "root@acme.example", "password": "correct horse battery", "name": "Root"});
        self.post("", "/api/auth/register", &body).await.expect(201).field("accessToken")
    }

    /// Makes an organization with one tenant; answers with the administrator's token for the tenant.
    pub async fn tenant(&self, root: &str, slug: &str) -> (String, String) {
        let organization =
            self.post(root, "/api/organizations", &json!({"name": slug})).await.expect(201).field("id");
        let tenant = json!({"organizationId": organization, "slug": slug, "displayName": slug});
        let tenant = self.post(root, "/api/tenants", &tenant).await.expect(201).field("id");
        let token = json!({"tenantId": tenant, "reason": "a test"});
        let token = self.post(root, "/api/auth/tenant", &token).await.expect(200).field("accessToken");
        (tenant, token)
    }

    /// Somebody is invited to the tenant and comes in: their account and their token.
    pub async fn join(&self, above: &str, (tenant, role, name): (&str, &str, &str)) -> (String, String) {
        let invited = json!({"email": format!("{name}@acme.example"), "role": role, "tenantId": tenant});
        let invited = self.post(above, "/api/invitations", &invited).await.expect(201).field("token");
        let accepted = json!({"name": name, "password": "correct horse battery"});
        let accept = format!("/api/invitations/{invited}/accept");
        let session = self.post("", &accept, &accepted).await.expect(201);
        let account = session.json().pointer("/account/id").and_then(Value::as_str).map(str::to_owned);
        (account.expect("an account"), session.field("accessToken"))
    }

    /// Stops as `draxis serve` does on Ctrl-C.
    pub async fn stop(mut self) {
        self.handle.stop(false).await;
        while self.server.join_next().await.is_some() {}
        self.tasks.stop().await;
    }
}
