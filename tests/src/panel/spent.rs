//! What models take is counted, said with each answer, and held to what may be spent.

use std::sync::Arc;

use chrono::Duration;
use draxis_commands::panel::PanelAnswer;
use draxis_commands::{Caller, Context};
use draxis_domain::{Quantity, Question, TenantId};
use draxis_event_store::Clock as _;
use draxis_runner::model::{Called, Reply, Scripted, Stop, Tokens};
use reqwest::Method;
use serde_json::{Value, json};

use super::modelled::patches_first;
use super::stage::Stage;
use crate::house::FarModel;

const QUESTION: &str = "What should we patch first?";

async fn spent(stage: &Stage) -> u64 {
    stage.get("/api/model-config").await["tokensSpentToday"].as_u64().expect("a number")
}

fn took(told: &Value) -> u64 {
    let tokens = |field: &str| told["usage"][field].as_u64().expect("a number");
    tokens("inputTokens") + tokens("outputTokens")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_spent_in_a_day_is_held_and_the_next_day_begins_anew() {
    let mut stage = Stage::set().await;
    let far = FarModel::start(patches_first);
    let may_spend = async |stage: &Stage, tokens: u64| {
        let mut choice = far.choice("canary-key-5150");
        choice["tokensPerDay"] = json!(tokens);
        stage.web.command(Method::PUT, &stage.token, "/api/model-config", &choice, &[]).await.expect(200);
    };
    may_spend(&stage, 1_000_000).await;
    let told = stage.ask(QUESTION).await;
    assert_eq!(told["by"]["kind"], "model", "{told}");
    let calls = u64::try_from(far.heard().len()).unwrap();
    assert_eq!((told["usage"]["calls"].as_u64(), took(&told)), (Some(calls), calls * 110), "{told}");
    assert_eq!(spent(&stage).await, took(&told));
    let tenant: TenantId = stage.tenant.parse().unwrap();
    let commands = &stage.web.app.commands;
    let counted = commands.spent_on_models(tenant, stage.web.clock.now()).await.unwrap();
    assert_eq!((counted.tokens, counted.turns), (took(&told), calls));
    // Nothing is left.
    may_spend(&stage, took(&told)).await;
    let refused = stage.ask(QUESTION).await;
    assert!(refused["fallback"].as_str().unwrap().contains("tokens"), "{refused}");
    assert_eq!(u64::try_from(far.heard().len()).unwrap(), calls, "it was not asked");
    // One token is left: it is asked once, and stopped then.
    may_spend(&stage, took(&told) + 1).await;
    assert_eq!(stage.ask(QUESTION).await["by"]["kind"], "rules");
    assert_eq!(u64::try_from(far.heard().len()).unwrap(), calls + 1);
    stage.web.clock.advance(Duration::days(1));
    stage.sign_in().await;
    assert_eq!(spent(&stage).await, 0);
    may_spend(&stage, 1_000_000).await;
    assert_eq!(stage.ask(QUESTION).await["by"]["kind"], "model");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_what_it_cost_at_the_operators_prices() {
    let stage = Stage::set().await;
    let model = Scripted::following(|_| {
        let with = json!({"answer": "Patch.", "rationale": "It is red.", "citations": []});
        let calls = vec![Called { id: "a".to_owned(), name: "answer".to_owned(), with }];
        Reply { text: String::new(), calls, stop: Stop::Calls, tokens: Tokens { input: 1_000, output: 200 } }
    });
    let desk = stage.web.app.panel.clone().with_model(Arc::new(model));
    let context = Context::of(Caller::runner(stage.tenant.parse().unwrap()));
    let done = desk.open(&context, Question::parse("How is the phishing click rate?").unwrap(), None).await;
    let answer: PanelAnswer = serde_json::from_slice(&done.unwrap().answer.body).unwrap();
    // Three for a million that are sent, fifteen for a million that come back.
    assert_eq!((answer.usage.calls, answer.usage.cost), (1, Some(Quantity::parse("0.006").unwrap())));
    let read = stage.get(&format!("/api/panel-sessions/{}", answer.id)).await;
    assert_eq!(read["transcript"][0]["usage"]["cost"], "0.006", "{read}");
    stage.web.stop().await;
}
