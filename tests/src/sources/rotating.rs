//! Rotating the encryption key: everything sealed again while the program serves, and the old key needed by nothing.

use draxis_commands::secret::{EncryptionKeys, Secret};
use draxis_commands::vault::{Rotation, Vault};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Executor, Row};

use super::given::{Tenant, okta, plain};
use crate::house::{TestDatabase, Web, draxis, vendor};

const COMPLETE: &str = include_str!("../../../fixtures/vendors/okta/complete/replies.json");
const OLD: &str = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW: &str = "new:HxwdHh8AAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRo=";

fn keys(text: &str) -> EncryptionKeys {
    EncryptionKeys::parse(&Secret::new(text.to_owned())).ok().unwrap()
}

/// What is answered again under its key, though the answer holds a secret.
async fn handed_out(tenant: &Tenant, root: &str, workflow: &str) -> (Value, Value) {
    let key = [("idempotency-key", "handed-out-once")];
    let invite = json!({"email": "ada@acme.example", "role": "superadmin"});
    let invited = tenant.web.command(Method::POST, root, "/api/invitations", &invite, &key).await.expect(201);
    let previews = format!("/api/workflows/{workflow}/previews");
    let preview = json!({"expiresInHours": 2});
    let preview =
        tenant.web.command(Method::POST, &tenant.token, &previews, &preview, &key).await.expect(201);
    let mut preview = preview.json();
    // It says where the program is reached, which every start of a test does elsewhere.
    preview.as_object_mut().unwrap().remove("url");
    (invited.json(), preview)
}

/// How many sealed texts name the old key, wherever such texts lie.
async fn under_the_old_key(database: &TestDatabase) -> i64 {
    // The form's byte, the length of the key's id, the id.
    let old = r"SELECT (SELECT count(*) FROM vault WHERE key_id = 'old' OR position('\x01036f6c64'::bytea IN sealed) > 0)
                     + (SELECT count(*) FROM signing_keys WHERE position('\x01036f6c64'::bytea IN sealed) > 0)
                     + (SELECT count(*) FROM idempotency_keys WHERE position('\x01036f6c64'::bytea IN answer) > 0)";
    database.superuser().await.fetch_one(old).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_old_key_is_needed_by_nothing() {
    let database = TestDatabase::make().await;
    let web = Web::with_keys(&database, keys(OLD)).await;
    let root = web.register().await;
    let (id, token) = web.tenant(&root, "acme-corp").await;
    let tenant = Tenant { web, token };
    tenant.administrator(&root, &id).await;
    let base = vendor(COMPLETE);
    let source = tenant.okta(&base).await;
    for _ in 0..120 {
        tenant.okta(&base).await;
    }
    tenant.wire("locked_out_accounts", &source).await;
    let relay = json!({"settings": {"mode": "bot", "baseUrl": "http://127.0.0.1:1"}, "credentials": {"token": "made-up"}});
    tenant.put("/api/relay-config/slack", &relay).await.expect(200);
    let draft = json!({"definition": plain("Shared", 1), "reason": "as agreed"});
    let workflow = tenant.post("/api/workflows", &draft).await.expect(201).field("id");
    let answers = handed_out(&tenant, &root, &workflow).await;
    let sealed = under_the_old_key(&database).await;
    assert_eq!(sealed, 121 + 1 + 2 + 2, "sources, relay, answers, keys that sign");
    tenant.web.stop().await;

    // The program serves on with both keys; the rotation is cut off once and goes on where it was.
    let both = Web::with_keys(&database, keys(&format!("{NEW},{OLD}"))).await;
    let tenant = Tenant { web: both, token: tenant.token };
    let commands = &tenant.web.app.commands;
    let (vault, pools) = (commands.vault().clone(), commands.pools().clone());
    let cut_off = tokio::time::timeout(std::time::Duration::from_millis(30), vault.rotate(&pools)).await;
    let edited = vault.rotate(&pools);
    let mut edit = okta(&base);
    edit["name"] = json!("Edited meanwhile");
    let (rest, told) = futures_util::future::join(edited, tenant.edit(&source, &edit)).await;
    told.expect(200);
    let (first, rest) = (cut_off.map_or(Rotation::default(), Result::unwrap), rest.unwrap());
    let last = vault.rotate(&pools).await.unwrap();
    assert!(first.secrets + rest.secrets + last.secrets <= 125, "{first:?} {rest:?} {last:?}");
    assert!(rest.unopened == 0 && last.unopened == 0);
    assert!(vault.rotate(&pools).await.unwrap().is_nothing(), "a second pass has nothing to do");
    tenant.web.stop().await;
    assert_eq!(under_the_old_key(&database).await, 0);

    let web = Web::with_keys(&database, keys(NEW)).await;
    let tenant = Tenant { web, token: tenant.token };
    tenant.get("/api/auth/me").await;
    let ran = tenant.run(&source).await.expect(200);
    assert_eq!(ran.json()["rowsWritten"], 1, "opened with the new key alone");
    let tried = tenant.post("/api/relay-config/slack/test", &json!({})).await.expect(200).json();
    assert_eq!(tried["step"], "connect", "the relay's token opened: {tried}");
    assert_eq!(handed_out(&tenant, &root, &workflow).await, answers, "and what is answered again");
    tenant.get("/api/audit/proof?position=1").await;
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_goes_on_where_it_was_killed_beside_a_program_that_serves() {
    let database = TestDatabase::with_connections(20).await;
    let tenant = Tenant::with_keys(&database, keys(OLD)).await;
    let base = vendor(COMPLETE);
    let source = tenant.okta(&base).await;
    for _ in 0..200 {
        tenant.okta(&base).await;
    }
    tenant.wire("locked_out_accounts", &source).await;
    tenant.web.stop().await;

    let both = format!("{NEW},{OLD}");
    let tenant = Tenant { web: Web::with_keys(&database, keys(&both)).await, token: tenant.token };
    let rotate = || {
        let mut command = draxis(&database, &["rotate-key"]);
        command.env("ENCRYPTION_KEY", &both);
        command
    };
    let all = under_the_old_key(&database).await;
    let mut killed = rotate().spawn().unwrap();
    while under_the_old_key(&database).await > all - 10 {
        assert!(killed.try_wait().unwrap().is_none(), "it ended before it was killed");
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = under_the_old_key(&database).await;
    assert!(0 < left && left < all, "{left} of {all}");
    assert_eq!(tenant.run(&source).await.expect(200).json()["rowsWritten"], 1, "it serves meanwhile");
    for expected in ["Older keys are needed by nothing", "under the current key already"] {
        let told = rotate().output().unwrap();
        let said = String::from_utf8_lossy(&told.stdout);
        assert!(told.status.success() && said.contains(expected), "{said}");
    }
    assert_eq!(under_the_old_key(&database).await, 0);
    tenant.web.stop().await;

    let tenant = Tenant { web: Web::with_keys(&database, keys(NEW)).await, token: tenant.token };
    tenant.web.clock.advance(chrono::Duration::seconds(1));
    assert_eq!(tenant.run(&source).await.expect(200).json()["rowsWritten"], 1, "with the new key alone");
    tenant.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_open_is_left_as_it_is_and_holds_up_no_other() {
    let database = TestDatabase::make().await;
    let tenant = Tenant::with_keys(&database, keys(OLD)).await;
    for _ in 0..3 {
        tenant.okta("https://acme.okta.com").await;
    }
    let mut superuser = database.superuser().await;
    let spoil = "UPDATE vault SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)
                 WHERE record_id = (SELECT min(record_id) FROM vault)";
    superuser.execute(spoil).await.unwrap();
    let both = Vault::new(keys(&format!("{NEW},{OLD}")));
    let rotating = both.rotate(tenant.web.app.commands.pools());
    let done =
        tokio::time::timeout(std::time::Duration::from_mins(1), rotating).await.expect("it ends").unwrap();
    assert_eq!((done.secrets, done.unopened), (2, 1));
    tenant.web.stop().await;
}
