//! A canary in every credential, the program at TRACE: nowhere is one seen again, in whatever coding (hazard H8).

mod search;
mod walk;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use draxis_api::embedded_postgres::{Neighbour, SUPERUSER};
use reqwest::Client;
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::house::FarModel;
use crate::house::Program;
use crate::panel::modelled::patches_first;
use search::seen;
use walk::{Asker, walk};

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
const MODEL: &str = "cnry-model/token+7Q";
const WEBHOOK: &str = "whsec_Y25yeS13ZWJob29rLXNlY3JldC03UXBhZGRpbmc0Mg==";

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

/// What a model was sent, without the header that its own key belongs into.
fn told_the_model(heard: &[(String, serde_json::Value)]) -> String {
    assert!(heard.iter().all(|(head, _)| head.contains(MODEL)), "the key goes along");
    let told: String = heard
        .iter()
        .map(|(head, body)| format!("{}{body}", head.replace(&format!("Bearer {MODEL}"), "")))
        .collect();
    assert!(told.contains("Doors left open"), "it was shown the tenant's data: {told}");
    told
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
    let model = FarModel::start(patches_first);
    let asker = Asker { program: &program, client: Client::new(), answers: Mutex::default() };
    let tokens = walk(&asker, model.base()).await;
    let answers = asker.answers.into_inner().unwrap();
    let tables = tables(data.path()).await;
    let log = program.stop().join("\n");
    assert!(log.contains("TRACE") && log.len() > 100_000, "it was written at TRACE: {} bytes", log.len());
    assert!(tables.contains("source.connected") && answers.contains("source.connected"));

    let (_, key) = KEY.split_once(':').unwrap();
    let mut secrets = vec![key, PASSWORD, SMTP, HEADER, BASIC, BEARER, QUERY, CONFIG, PATH, REFUSED];
    secrets.extend([SLACK, JIRA, SERVICENOW, EMAIL, WEBHOOK, MODEL]);
    let standing = secrets.len();
    let found = [seen("the answers", answers.as_bytes(), &secrets)];
    secrets.extend(tokens.iter().map(String::as_str));
    let mut found = found.concat();
    found.extend(seen("what the model was sent", told_the_model(&model.heard()).as_bytes(), &secrets));
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
