//! Killed at any moment: every acknowledged event is there after a restart, none twice, positions dense, nothing left running.

use std::collections::BTreeMap;

use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::house::Program;

/// Posts with a key; the position of the answer if it was done, nothing if it was turned away. No answer at all means that
/// the program is gone.
async fn post(
    client: &Client,
    program: &Program,
    token: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> Result<Option<(u64, Value)>, reqwest::Error> {
    let sent = client
        .post(format!("{}{path}", program.base))
        .bearer_auth(token)
        .header("Idempotency-Key", key)
        .json(body)
        .send();
    let answer = sent.await?;
    let position =
        answer.headers().get("draxis-position").and_then(|at| at.to_str().ok()?.parse().ok()).unwrap_or(0);
    let succeeded = answer.status().is_success();
    let body = answer.json().await?;
    Ok(succeeded.then_some((position, body)))
}

async fn events(client: &Client, program: &Program, token: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let after = all.last().map_or(0, |last| last["position"].as_u64().unwrap());
        let page = client.get(format!("{}/api/audit/events?limit=200&after={after}", program.base));
        let page: Value = page.bearer_auth(token).send().await.unwrap().json().await.unwrap();
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            return all;
        }
        all.extend(items.iter().cloned());
    }
}

async fn sign_in(client: &Client, program: &Program, tenant: Option<&str>) -> String {
    let body = json!({"email": "root@acme.example", "password": "correct horse battery", "name": "Root"});
    let route = if tenant.is_none() { "register" } else { "login" };
    let body =
        if tenant.is_none() { body } else { json!({"email": body["email"], "password": body["password"]}) };
    let ask = async |token: &str, route: &str, body: &Value| -> Value {
        let sent =
            client.post(format!("{}/api/auth/{route}", program.base)).bearer_auth(token).json(body).send();
        sent.await.unwrap().json().await.unwrap()
    };
    let token = ask("", route, &body).await["accessToken"].as_str().unwrap().to_owned();
    match tenant {
        None => token,
        Some(tenant) => {
            let body = json!({"tenantId": tenant, "reason": "a test"});
            ask(&token, "tenant", &body).await["accessToken"].as_str().unwrap().to_owned()
        }
    }
}

#[expect(clippy::excessive_nesting, reason = "each caller goes on until its program dies")]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_program_loses_nothing_it_acknowledged_and_leaves_nothing_running() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let data = tempfile::tempdir().unwrap();
    let client = Client::new();
    let mut program = Program::serve(data.path());
    let root = sign_in(&client, &program, None).await;
    let made = async |token: &str, path: &str, body: Value| -> String {
        let (_, answer) = post(&client, &program, token, path, &format!("make {path}"), &body)
            .await
            .unwrap()
            .expect("it is made");
        answer["id"].as_str().unwrap().to_owned()
    };
    let organization = made(&root, "/api/organizations", json!({"name": "Acme"})).await;
    let body = json!({"organizationId": organization, "slug": "acme-corp", "displayName": "Acme"});
    let tenant = made(&root, "/api/tenants", body).await;
    let mut token = sign_in(&client, &program, Some(&tenant)).await;
    let mut kris = Vec::new();
    for n in 0..8 {
        let kri = json!({"slug": format!("kri_{n}"), "name": "K", "unit": "count",
                         "direction": "higher_is_worse", "warn": 1000, "critical": 2000});
        let (_, answer) =
            post(&client, &program, &token, "/api/kris", &format!("kri {n}"), &kri).await.unwrap().unwrap();
        kris.push(answer["id"].as_str().unwrap().to_owned());
    }
    let mut receipts: BTreeMap<String, u64> = BTreeMap::new();
    let rounds = if crate::house::long() { 200 } else { 3 };
    for round in 0..rounds {
        let (acknowledged, mut counted) = watch::channel(0);
        let callers = kris.iter().enumerate().map(|(caller, kri)| {
            let (client, program, token, acknowledged) = (&client, &program, &token, &acknowledged);
            async move {
                let mut receipts = Vec::new();
                for value in 1.. {
                    let key = format!("{round}/{caller}/{value}");
                    let path = format!("/api/kris/{kri}/values");
                    // An hour each round: the very same reading given again would be nothing new.
                    let (day, hour) = (1 + round / 24, round % 24);
                    let observed_at =
                        format!("2026-01-{day:02}T{hour:02}:{:02}:{:02}Z", value / 60 % 60, value % 60);
                    let body = json!({"value": value, "observedAt": observed_at});
                    match post(client, program, token, &path, &key, &body).await {
                        Ok(Some((position, _))) => receipts.push((key, position)),
                        // Turned away while it is busy: nobody was told that it holds.
                        Ok(None) => continue,
                        Err(_) => return receipts,
                    }
                    acknowledged.send_modify(|count| *count += 1);
                }
                receipts
            }
        });
        let pid = program.pid();
        let killer = async {
            counted.wait_for(|count| *count >= 60 + round * 13 % 97).await.unwrap();
            crate::house::kill(pid);
        };
        let (told, ()) = futures_util::future::join(futures_util::future::join_all(callers), killer).await;
        receipts.extend(told.into_iter().flatten());
        program.kill(data.path());

        program = Program::serve(data.path());
        token = sign_in(&client, &program, Some(&tenant)).await;
        let events = events(&client, &program, &token).await;
        let positions: Vec<u64> = events.iter().map(|event| event["position"].as_u64().unwrap()).collect();
        assert_eq!(
            positions,
            (1..=u64::try_from(events.len()).unwrap()).collect::<Vec<_>>(),
            "positions are dense"
        );
        let mut recorded: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for event in events.iter().filter(|event| event["type"] == "kri.value_recorded") {
            let key = event["metadata"]["command"].as_str().unwrap();
            recorded.entry(key).or_default().push(event["position"].as_u64().unwrap());
        }
        for (key, position) in &receipts {
            assert_eq!(recorded.get(key.as_str()), Some(&vec![*position]), "{key} was acknowledged");
        }
        assert!(recorded.values().all(|positions| positions.len() == 1), "none twice");
    }
    assert!(receipts.len() > 100);
    // Every record, the tree, every checkpoint, the head, and the read models as the log gives them.
    let verified = Program::beside(data.path(), &["verify", "--projections"]).output().unwrap();
    let printed = String::from_utf8_lossy(&verified.stdout);
    assert!(verified.status.success() && printed.contains("kri_history"), "{printed}");
    program.kill(data.path());
}
