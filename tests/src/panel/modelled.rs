//! A model that leads: chosen by the tenant, asked through the one way out, checked like anybody, and replaced by the rules where it
//! cannot be asked.

use reqwest::Method;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::house::FarModel;

/// A model that looks at the KRIs, then answers from what it was shown, with one figure of its own.
pub(crate) fn patches_first(body: &Value) -> Vec<(String, Value)> {
    let messages = body["messages"].as_array().expect("messages");
    let shown = messages.iter().find(|message| message["role"] == "tool");
    let Some(shown) = shown else { return vec![("list_kris".to_owned(), json!({"status": "red"}))] };
    let data =
        shown["content"].as_str().expect("a text").trim_start_matches("<data>").trim_end_matches("</data>");
    let kris: Value = serde_json::from_str(data).expect("the data is JSON");
    let (id, value) = (&kris[0]["id"], &kris[0]["fields"]["value"]);
    let value_told = value.as_str().expect("a value");
    let answer = format!(
        "Patch first, says the model: it stands at {value_told}, and will be at 4711 soon, whatever is done."
    );
    let citation = json!({"kind": "kri", "id": id, "field": "value", "value": value});
    let answer = json!({"answer": answer, "rationale": "It is red.", "citations": [citation], "keep": []});
    vec![("answer".to_owned(), answer)]
}

async fn is_kept(stage: &Stage, text: &str) -> bool {
    use sqlx::{Executor as _, Row as _};

    let mut superuser = stage.database.superuser().await;
    let tables =
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
    for table in superuser.fetch_all(tables).await.expect("the catalog reads") {
        let table: String = table.get(0);
        let rows =
            superuser.fetch_all(format!("SELECT t::text FROM {table} AS t").as_str()).await.expect("rows");
        if rows.iter().any(|row| row.get::<String, _>(0).contains(text)) {
            return true;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_own_model_leads_and_the_rules_take_its_place_where_it_cannot_be_asked() {
    let stage = Stage::set().await;
    let far = FarModel::start(patches_first);
    let put = async |body: Value| {
        stage.web.command(Method::PUT, &stage.token, "/api/model-config", &body, &[]).await
    };
    let choice = far.choice("canary-key-5150");
    put(choice.clone()).await.expect(200);
    stage.web.command(Method::PUT, &stage.reader, "/api/model-config", &choice, &[]).await.expect(403);
    let told = stage.ask("What should we patch first?").await;
    assert_eq!(told["by"], json!({"kind": "model", "provider": "openai", "model": "far"}), "{told}");
    let answer = told["answer"].as_str().unwrap();
    assert!(answer.contains("stands at 18") && answer.contains("~~4711~~ [unverified]"), "{answer}");
    assert_eq!(told["struck"], json!([{"figure": "4711", "why": "uncited"}]));
    assert!(told["usage"]["inputTokens"].as_u64().unwrap() >= 200, "{told}");
    {
        let heard = far.heard();
        assert!(
            heard
                .iter()
                .all(|(head, _)| head.to_lowercase().contains("authorization: bearer canary-key-5150"))
        );
        assert!(
            heard.iter().all(|(_, body)| !body.to_string().contains("canary")),
            "no model is told its key"
        );
        let returned = heard.iter().filter(|(_, body)| body.to_string().contains("not borne out")).count();
        assert!(returned >= 1, "the figure was returned to the model before it was struck out");
    }
    let shown = stage.get("/api/model-config").await;
    assert_eq!((&shown["hasKey"], &shown["model"]), (&json!(true), &json!("far")));
    assert!(shown["tokensSpentToday"].as_u64().unwrap() > 0);
    assert!(!shown.to_string().contains("canary"));
    assert!(is_kept(&stage, "not borne out").await, "the exchange is written down");
    assert!(!is_kept(&stage, "canary-key-5150").await, "the key is not");
    // What may be spent is spent.
    let base = &choice["baseUrl"];
    put(json!({"provider": "openai", "model": "far", "baseUrl": base, "tokensPerDay": 1})).await.expect(200);
    let told = stage.ask("What should we patch first?").await;
    assert_eq!(told["by"], json!({"kind": "rules"}));
    assert!(told["fallback"].as_str().unwrap().contains("tokens"), "{told}");
    // Nobody answers there, and a key does not follow to where it was not meant to go.
    put(json!({"provider": "openai", "model": "far", "baseUrl": "http://127.0.0.1:9/v1"})).await.expect(200);
    assert_eq!(stage.get("/api/model-config").await["hasKey"], false);
    let told = stage.ask("What should we patch first?").await;
    assert!(told["fallback"].as_str().unwrap().contains("not reached"), "{told}");
    assert!(told["answer"].as_str().unwrap().contains("built-in rules"), "{told}");
    // Addresses within are refused where the operator has not opened them; here metadata, which nobody opens.
    put(json!({"provider": "openai", "model": "far", "baseUrl": "http://169.254.169.254/v1"}))
        .await
        .expect(200);
    let told = stage.ask("What should we patch first?").await;
    assert!(told["fallback"].as_str().unwrap().contains("not reached"), "{told}");
    stage.web.command(Method::DELETE, &stage.token, "/api/model-config", &json!({}), &[]).await.expect(200);
    let told = stage.ask("What should we patch first?").await;
    assert_eq!((told["by"].clone(), told.get("fallback")), (json!({"kind": "rules"}), None));
    stage.web.stop().await;
}
