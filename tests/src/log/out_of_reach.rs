//! A server that goes down ends its connections with words of its own: callers are asked to come back, none is told of a fault.

use reqwest::Method;
use serde_json::json;
use sqlx::Executor;

use crate::house::{TestDatabase, Web};

/// Ends every connection of the program, as a shutdown does: each hears of it when it is used next (57P01).
async fn end_connections(database: &TestDatabase) {
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    database.superuser().await.execute(end).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_down_asks_callers_to_come_back_and_doubles_nothing() {
    let database = TestDatabase::make().await;
    let web = Web::start(&database).await;
    let root = web.register().await;
    let (_, token) = web.tenant(&root, "acme-corp").await;
    let outcome = json!({"name": "Customers can pay"});
    let organization = json!({"name": "Another"});
    let mut turned_away = 0;
    for n in 0..6 {
        let key = format!("key-{n}");
        let headers = [("idempotency-key", key.as_str())];
        let asked = [
            (Method::GET, &token, "/api/kris", &json!(null)),
            (Method::GET, &root, "/api/organizations", &json!(null)),
            (Method::POST, &token, "/api/outcomes", &outcome),
            (Method::POST, &root, "/api/organizations", &organization),
        ];
        for (method, token, path, body) in asked {
            end_connections(&database).await;
            loop {
                let told = web.command(method.clone(), token, path, body, &headers).await;
                if told.status < 400 {
                    break;
                }
                assert_eq!(told.status, 503, "{path}: {}", told.text);
                assert!(!told.header("retry-after").is_empty(), "{path}: {}", told.text);
                turned_away += 1;
            }
        }
    }
    assert!(turned_away > 6, "nobody was turned away, so this proves nothing");
    let made = web.get(&token, "/api/outcomes").await.expect(200).json();
    assert_eq!(made["items"].as_array().unwrap().len(), 6);
    let made = web.get(&root, "/api/organizations").await.expect(200).json();
    assert_eq!(made["items"].as_array().unwrap().iter().filter(|one| one["name"] == "Another").count(), 6);
    web.stop().await;
}
