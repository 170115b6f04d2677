//! A canary in every credential, the program at TRACE: nowhere is one seen again, in whatever coding (hazard H8).

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use draxis_api::embedded_postgres::{Neighbour, SUPERUSER};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::house::{Program, vendor};

const KEY: &str = "cnry:9xGkq1bLQnYcMZ0rV3t8dYw5uE2pHs7aJf6KzXoBvT4=";
const PASSWORD: &str = "cnry account/pass+word=7Q";
const SMTP: &str = "cnry-smtp/pass+word=7Q";
const HEADER: &str = "cnry-header/value+7Q";
const BASIC: &str = "cnry-basic/password+7Q";
const BEARER: &str = "cnry-bearer/token+7Q";
const QUERY: &str = "cnry-query/value+7Q";
const CONFIG: &str = "cnry-config-domain-7Q";
const PATH: &str = "cnry-config-path-7Q";
const REFUSED: &str = "cnry-refused/value+7Q";
const SLACK: &str = "cnry-slack/token+7Q";
const JIRA: &str = "cnry-jira/token+7Q";
const SERVICENOW: &str = "cnry-servicenow/pass+7Q";
const EMAIL: &str = "cnry-email/pass+7Q";
const WEBHOOK: &str = "whsec_Y25yeS13ZWJob29rLXNlY3JldC03UXBhZGRpbmc0Mg==";

/// What a secret may look like where it does not belong.
fn codings(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let percent = |plain: fn(&u8) -> bool, upper: bool| {
        bytes.iter().fold(String::new(), |mut coded, byte| {
            match (plain(byte), upper) {
                (true, _) => coded.push(char::from(*byte)),
                (false, true) => write!(coded, "%{byte:02X}").unwrap(),
                (false, false) => write!(coded, "%{byte:02x}").unwrap(),
            }
            coded
        })
    };
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let hex: String = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let mut all = vec![
        secret.to_owned(),
        percent(unreserved, true),
        percent(unreserved, false),
        percent(unreserved, true).replace("%20", "+"),
        hex.to_uppercase(),
        hex,
        secret.replace('/', "\\/"),
    ];
    // At each of the three places it can have in a base64 text: without what its neighbours have a part in.
    for (before, dropped) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"??"[..before], bytes].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            let coded = engine.encode(&shifted);
            all.push(coded[dropped..coded.len() - 4].to_owned());
        }
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// Every place of a text where a secret can be seen.
fn seen(place: &str, text: &[u8], secrets: &[&str]) -> Vec<String> {
    let found = |coding: &Vec<u8>| {
        let first = coding[0];
        // Fast over what is large: nearly every byte is passed by at its first letter.
        text.iter().enumerate().any(|(at, byte)| *byte == first && text[at..].starts_with(coding))
    };
    let shown = |secret: &&&str| codings(secret).iter().any(found);
    secrets.iter().filter(shown).map(|secret| format!("{} in {place}", &secret[..12])).collect()
}

/// Somebody who asks and remembers what was answered.
struct Asker<'a> {
    program: &'a Program,
    client: Client,
    answers: Mutex<String>,
}

impl Asker<'_> {
    async fn ask(&self, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = if body.is_null() { Method::GET } else { Method::POST };
        self.send(method, token, path, body).await
    }

    async fn send(&self, method: Method, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let asked = self.client.request(method, format!("{}{path}", self.program.base)).bearer_auth(token);
        let asked = if body.is_null() { asked } else { asked.json(body) };
        let answer = asked.send().await.unwrap();
        let (status, bytes) = (answer.status().as_u16(), answer.bytes().await.unwrap());
        // A bundle is an archive of stored files: what stands in it can be seen in its bytes.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let handed_out =
            ["/api/auth", "/push-tokens", "/api/invitations", "/previews"].iter().any(|it| path.contains(it));
        if !handed_out {
            self.answers.lock().unwrap().push_str(&text);
        }
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn made(&self, token: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(token, path, &body).await;
        assert!(status == 200 || status == 201, "{path}: {status} {answer}");
        answer
    }

    async fn id(&self, token: &str, path: &str, body: Value) -> String {
        self.made(token, path, body).await["id"].as_str().unwrap().to_owned()
    }
}

fn exchange(header: &str, value: &str) -> String {
    let headers: Value = if header.is_empty() { json!({}) } else { json!({ header: value }) };
    let query: Value = if header.is_empty() { json!({ "key": value }) } else { json!({}) };
    let request = json!({"path": format!("/{PATH}"), "headers": headers, "query": query});
    json!([{"request": request, "replies": [{"body": {"count": 3}}]}]).to_string()
}

fn sources() -> Vec<Value> {
    let okta = include_str!("../../../fixtures/vendors/okta/complete/replies.json");
    let okta = vendor(&okta.replace("made-up-api_token", HEADER));
    let generic = |base: &str, auth: Value, credentials: Value| {
        json!({"name": "Generic", "sourceType": "generic", "vendor": "http-json", "credentials": credentials,
               "config": {"url": format!("{base}/{PATH}"), "auth": auth,
                          "values": [{"slug": "a_kri", "value": ".count"}]}})
    };
    let basic = STANDARD.encode(format!("draxis:{BASIC}"));
    let refused = json!({"kind": "bearer"});
    vec![
        json!({"name": "Okta", "sourceType": "identity", "vendor": "okta", "baseUrl": okta,
               "credentials": {"api_token": HEADER}, "config": {"domain": CONFIG}}),
        generic(
            &vendor(&exchange("authorization", &format!("Basic {basic}"))),
            json!({"kind": "basic", "username": "draxis"}),
            json!({"password": BASIC}),
        ),
        generic(
            &vendor(&exchange("authorization", &format!("Bearer {BEARER}"))),
            json!({"kind": "bearer"}),
            json!({"token": BEARER}),
        ),
        generic(
            &vendor(&exchange("", QUERY)),
            json!({"kind": "query", "name": "key"}),
            json!({"value": QUERY}),
        ),
        // Nobody answers; a name that cannot be; an answer that does not fit; an address that is refused.
        generic("http://127.0.0.1:1", refused.clone(), json!({"token": REFUSED})),
        generic("https://nowhere.invalid", refused.clone(), json!({"token": REFUSED})),
        generic(&vendor("[]"), refused.clone(), json!({"token": REFUSED})),
        generic("https://10.0.0.1", refused, json!({"token": REFUSED})),
    ]
}

/// Every way out that a tenant can set up, none of which leads anywhere.
fn relays() -> Vec<(&'static str, Value)> {
    let far = "http://127.0.0.1:1";
    vec![
        ("slack", json!({"settings": {"mode": "bot", "baseUrl": far}, "credentials": {"token": SLACK}})),
        (
            "jira",
            json!({"settings": {"baseUrl": far, "user": "ann@acme.example"}, "credentials": {"token": JIRA}}),
        ),
        (
            "servicenow",
            json!({"settings": {"baseUrl": far, "user": "ann"}, "credentials": {"password": SERVICENOW}}),
        ),
        (
            "email",
            json!({"settings": {"host": "127.0.0.1", "port": 1, "encryption": "none", "user": "ann",
                                "from": "draxis@acme.example"}, "credentials": {"password": EMAIL}}),
        ),
        ("webhook", json!({"settings": {"url": far}, "credentials": {"secret": WEBHOOK}})),
    ]
}

/// Every way that a credential goes through the program, and the tokens that it handed out meanwhile.
async fn walk(asker: &Asker<'_>) -> Vec<String> {
    let admin = json!({"email": "root@acme.example", "password": PASSWORD, "name": "Root"});
    asker.made("", "/api/auth/register", admin).await;
    let login = json!({"email": "root@acme.example", "password": PASSWORD});
    let root = asker.made("", "/api/auth/login", login).await["accessToken"].as_str().unwrap().to_owned();
    let wrong = json!({"email": "root@acme.example", "password": format!("{PASSWORD}!")});
    assert_eq!(asker.ask("", "/api/auth/login", &wrong).await.0, 401);
    let organization = asker.id(&root, "/api/organizations", json!({"name": "Acme"})).await;
    let tenant = json!({"organizationId": organization, "slug": "acme-corp", "displayName": "Acme"});
    let tenant = asker.id(&root, "/api/tenants", tenant).await;
    let invite = json!({"email": "ada@acme.example", "role": "superadmin"});
    asker.made(&root, "/api/invitations", invite).await;
    let invite = json!({"email": "owner@acme.example", "role": "tenant_admin", "tenantId": tenant});
    let invited = asker.made(&root, "/api/invitations", invite).await["token"].as_str().unwrap().to_owned();
    let person = json!({"name": "Owner", "password": PASSWORD});
    asker.made("", &format!("/api/invitations/{invited}/accept"), person).await;
    let token = json!({"tenantId": tenant, "reason": "a test"});
    let token =
        asker.made(&root, "/api/auth/tenant", token).await["accessToken"].as_str().unwrap().to_owned();
    for source in sources() {
        asker.made(&token, "/api/kri-sources/test", source.clone()).await;
        let id = asker.id(&token, "/api/kri-sources", source).await;
        let (ran, _) = asker.ask(&token, &format!("/api/kri-sources/{id}/run"), &json!({})).await;
        assert!(ran == 200 || ran == 502, "{ran}");
        asker.made(&token, &format!("/api/kri-sources/{id}/test"), json!({})).await;
        for path in ["", "/runs"] {
            asker.ask(&token, &format!("/api/kri-sources/{id}{path}"), &Value::Null).await;
        }
    }
    let misfit = json!({"name": "O", "sourceType": "identity", "vendor": "okta", "credentials": {"nope": HEADER},
                        "config": {"domain": [CONFIG]}});
    assert_eq!(asker.ask(&token, "/api/kri-sources", &misfit).await.0, 422);
    for (channel, mut relay) in relays() {
        let path = format!("/api/relay-config/{channel}");
        assert_eq!(asker.send(Method::PUT, &token, &path, &relay).await.0, 200, "{channel}");
        asker.made(&token, &format!("{path}/test"), json!({})).await;
        asker.ask(&token, &path, &Value::Null).await;
        relay["settings"]["nope"] = relay["credentials"].clone();
        assert_eq!(asker.send(Method::PUT, &token, &path, &relay).await.0, 422, "{channel}");
    }
    let definition = json!({"schemaVersion": 1, "name": "W", "owners": [{"role": "tenant_admin"}],
        "trigger": {"type": "manual"}, "steps": [{"id": "w", "type": "wait", "until": {"duration": "PT1H"}}]});
    let workflow =
        asker.id(&token, "/api/workflows", json!({"definition": definition, "reason": "a test"})).await;
    let preview = asker.made(&token, &format!("/api/workflows/{workflow}/previews"), json!({})).await;
    let preview = preview["token"].as_str().unwrap().to_owned();
    asker.made("", &format!("/api/public/workflow/{preview}"), json!({})).await;
    assert_eq!(asker.ask("", &format!("/api/public/workflow/{preview}"), &json!({})).await.0, 410);
    let push = json!({"name": "Push", "sourceType": "generic", "vendor": "push"});
    let push = asker.id(&token, "/api/kri-sources", push).await;
    let minted =
        asker.made(&token, &format!("/api/kri-sources/{push}/push-tokens"), json!({"name": "Job"})).await;
    let minted = minted["token"].as_str().unwrap().to_owned();
    let batch = json!({"values": [{"slug": "a_kri", "value": 1}]});
    asker.made(&minted, &format!("/api/kri-sources/{push}/values"), batch).await;
    for path in [
        "/api/kri-sources",
        "/api/dashboard",
        "/api/relay-config",
        "/api/audit/events?limit=200",
        "/api/integrations/catalog",
        "/api/audit/export?format=ndjson",
        "/api/audit/export?format=cloudevents",
        "/api/audit/export?format=bundle",
    ] {
        assert_eq!(asker.ask(&token, path, &Value::Null).await.0, 200, "{path}");
    }
    vec![root, token, minted, preview]
}

/// Every row of every table, as nobody but the superuser sees them all at once.
async fn tables(data: &Path) -> String {
    let options = Neighbour::of(data).unwrap().connect_options("draxis", SUPERUSER);
    let mut superuser = PgConnection::connect_with(&options).await.unwrap();
    let named = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'";
    let mut dump = String::new();
    for table in superuser.fetch_all(named).await.unwrap() {
        let rows = format!("SELECT t::text FROM {} AS t", table.get::<String, _>(0));
        for row in superuser.fetch_all(rows.as_str()).await.unwrap() {
            writeln!(dump, "{}", row.get::<String, _>(0)).unwrap();
        }
    }
    dump
}

/// Every file below a folder but the one that holds the key, and what is not a file.
fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

#[test]
fn the_search_finds_a_secret_in_every_coding() {
    for coding in codings(BEARER) {
        let text = [b"before ", coding.as_slice(), b" behind"].concat();
        assert_eq!(seen("here", &text, &[BASIC, BEARER]), ["cnry-bearer/ in here"]);
    }
    let pair = STANDARD.encode(format!("draxis:{BASIC}"));
    assert_eq!(seen("here", pair.as_bytes(), &[BASIC]).len(), 1, "within a longer base64 text");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_is_seen_in_logs_tables_files_or_answers() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let data = tempfile::tempdir().unwrap();
    let flags = ["--log", "trace", "--egress-allow", "127.0.0.1"];
    let variables = [
        ("ENCRYPTION_KEY", KEY),
        ("DRAXIS_SMTP_HOST", "127.0.0.1"),
        ("DRAXIS_SMTP_PORT", "1"),
        ("DRAXIS_SMTP_FROM", "draxis@example.com"),
        ("DRAXIS_SMTP_USERNAME", "draxis"),
        ("DRAXIS_SMTP_PASSWORD", SMTP),
    ];
    let program = Program::serve_with(data.path(), &flags, &variables);
    let asker = Asker { program: &program, client: Client::new(), answers: Mutex::default() };
    let tokens = walk(&asker).await;
    let answers = asker.answers.into_inner().unwrap();
    let tables = tables(data.path()).await;
    let log = program.stop().join("\n");
    assert!(log.contains("TRACE") && log.len() > 100_000, "it was written at TRACE: {} bytes", log.len());
    assert!(tables.contains("source.connected") && answers.contains("source.connected"));

    let (_, key) = KEY.split_once(':').unwrap();
    let mut secrets = vec![key, PASSWORD, SMTP, HEADER, BASIC, BEARER, QUERY, CONFIG, PATH, REFUSED];
    secrets.extend([SLACK, JIRA, SERVICENOW, EMAIL, WEBHOOK]);
    let standing = secrets.len();
    let found = [seen("the answers", answers.as_bytes(), &secrets)];
    secrets.extend(tokens.iter().map(String::as_str));
    let mut found = found.concat();
    found.extend(seen("the log", log.as_bytes(), &secrets));
    found.extend(seen("the tables", tables.as_bytes(), &secrets));
    let mut paths = Vec::new();
    files(data.path(), &mut paths);
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        found.extend(seen(&path.display().to_string(), &bytes, &secrets[..standing]));
    }
    assert!(found.is_empty(), "{found:#?}");
}
