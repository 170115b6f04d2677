//! A model that leads: held at every call to what the person said and what there is, written down, paid for, and replaced by the
//! built-in interviewer where it cannot be asked.

use reqwest::Method;
use serde_json::{Value, json};

use super::conversation::{ANSWERS, GOAL, confirm, say, start};
use crate::house::FarModel;
use crate::workflow::stage::Stage;

const KEY: &str = "canary-key-5150";

fn call(name: &str, with: Value) -> (String, Value) {
    (name.to_owned(), with)
}

fn answer(reply: &str) -> Vec<(String, Value)> {
    vec![call("answer", json!({ "reply": reply }))]
}

/// What was told to the model, and how often it has been answered since.
fn told(body: &Value) -> (Value, usize) {
    let messages = body["messages"].as_array().expect("messages");
    let first = messages.iter().find(|message| message["role"] == "user").expect("something was said");
    let data = first["content"].as_str().expect("a text");
    let data = data.trim_start_matches("<data>").trim_end_matches("</data>");
    let replies = messages.iter().filter(|message| message["role"] == "assistant").count();
    (serde_json::from_str(data).expect("the data is JSON"), replies)
}

/// A model that talks a workflow through, too eagerly at first.
fn eager(body: &Value) -> Vec<(String, Value)> {
    let (told, replies) = told(body);
    let people = told["people"].as_array().expect("people");
    let person =
        people.iter().find(|person| person["name"] == "Person 0").expect("Person 0")["account"].clone();
    let ask = |topic: &str, step: Option<&str>| {
        call("ask", json!({ "question": { "topic": topic, "step": step } }))
    };
    let trigger = |patch: Value| call("set_trigger", json!({ "trigger": patch }));
    let approval = |patch: Value| call("set_approval", json!({ "id": "approval", "approval": patch }));
    let breach = json!({ "type": "kri_breach", "kri": told["kris"][0]["slug"], "level": "red" });
    match (told["personSays"].as_str().expect("words").trim(), replies) {
        (GOAL, 0) => {
            let ticket =
                json!({ "type": "create_ticket", "destination": { "system": "jira", "project": "SEC" } });
            let waiting = json!({ "type": "await_approval", "approvers": [{ "account": person }], "due": "P3D",
                                  "reminders": ["P1D"] });
            vec![
                trigger(breach),
                call("add_step", json!({ "step": ticket })),
                call("add_step", json!({ "step": waiting })),
            ]
        }
        (GOAL, 1) => {
            let waiting = json!({ "type": "await_approval", "approvers": [{ "account": person }], "reminders": ["P1D"] });
            vec![call("add_step", json!({ "step": waiting })), ask("open_breach", None)]
        }
        (GOAL, _) => answer("Shall a breach that is already open count?"),
        ("only new ones", 0) => vec![
            trigger(json!({ "type": "kri_breach", "onActivate": "next_breach" })),
            ask("due", Some("approval")),
            answer("By when must Person 0 decide?").remove(0),
        ],
        ("three days", 0) => vec![approval(json!({ "due": "P3D" })), ask("on_timeout", Some("approval"))],
        ("three days", _) => answer("And if nobody decides?"),
        ("reject", 0) => vec![approval(json!({ "onTimeout": "reject" }))],
        // It forgets to ask.
        ("reject", _) => answer("Noted."),
        ("the tenant admins", 0) => {
            vec![call("set_owners", json!({ "owners": [{ "role": "tenant_admin" }] }))]
        }
        ("make it amber", 0) => vec![trigger(json!({ "type": "kri_breach", "level": "amber" }))],
        _ => answer("That is all. It emails everybody."),
    }
}

async fn choose(stage: &Stage, choice: &Value) {
    stage.web.command(Method::PUT, &stage.token, "/api/model-config", choice, &[]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_model_talks_a_workflow_through_and_what_it_made_up_is_refused() {
    let stage = Stage::full().await;
    let far = FarModel::start(eager);
    choose(&stage, &far.choice(KEY)).await;
    let mut shown = start(&stage, GOAL).await;
    assert_eq!(shown["by"], json!({"kind": "model", "provider": "openai", "model": "far"}), "{shown}");
    assert_eq!(shown["usage"]["calls"], 3);
    assert!(shown["draft"]["steps"][1].get("due").is_none(), "nobody spoke of three days: {shown}");
    assert!(
        far.heard().iter().any(|(_, body)| body.to_string().contains("the person has not spoken of due"))
    );
    let id = shown["id"].as_str().unwrap().to_owned();
    for answer in ANSWERS {
        assert_eq!(shown["canConfirm"], false, "{shown}");
        shown = say(&stage, &id, answer).await.expect(200).json();
        assert_eq!(shown["by"]["kind"], "model", "{shown}");
    }
    assert_eq!((&shown["canConfirm"], &shown["missing"]), (&json!(true), &json!([])), "{shown}");
    let reply = shown["reply"].as_str().unwrap();
    assert!(reply.starts_with("That is all. It emails everybody.\n\nThis is what I have:"), "{reply}");
    assert!(reply.contains("What leaves the company: a ticket to Jira, project SEC"), "{reply}");
    let read = stage.get(&format!("/api/workflow-interviews/{id}")).await.expect(200).json();
    assert_eq!(
        (&read["turns"][1]["by"], &read["turns"][1]["led"]["by"]["kind"]),
        (&json!("interviewer"), &json!("model"))
    );
    let forgotten = read["turns"][7]["text"].as_str().unwrap();
    assert!(forgotten.starts_with("Noted.") && forgotten.contains("who owns this workflow"), "{forgotten}");
    // Confirmed, it is traced to the person's turns as any other.
    let made = confirm(&stage, &id, shown["digest"].as_str().unwrap(), "By model").await.expect(201).json();
    let workflow = made["workflowId"].as_str().unwrap();
    let version = stage.get(&format!("/api/workflows/{workflow}/versions/1")).await.expect(200).json();
    let leaves = &version["provenance"]["leaves"];
    for (leaf, turn) in
        [("/trigger/kri", 1), ("/trigger/onActivate", 3), ("/steps/1/due", 5), ("/owners/0/role", 9)]
    {
        assert_eq!(leaves[leaf], json!({ "turn": turn }), "{leaf} in {leaves:#}");
    }
    // And an existing one is changed in the same way.
    let goal = json!({ "goal": "make it amber", "workflowId": workflow });
    let edited = stage.post("/api/workflow-interviews", &goal).await.expect(201).json();
    assert_eq!(
        (&edited["by"]["kind"], &edited["draft"]["trigger"]["level"]),
        (&json!("model"), &json!("amber"))
    );
    let (id, digest) = (edited["id"].as_str().unwrap(), edited["digest"].as_str().unwrap());
    assert_eq!(confirm(&stage, id, digest, "By model").await.expect(201).json()["version"], 2);
    let version = stage.get(&format!("/api/workflows/{workflow}/versions/2")).await.expect(200).json();
    assert_eq!(version["provenance"]["leaves"]["/trigger/level"], json!({ "turn": 1 }), "{version}");
    // Every exchange is written down; the key is neither told nor kept.
    assert!(far.heard().iter().all(|(head, body)| {
        head.to_lowercase().contains(&format!("authorization: bearer {KEY}"))
            && !body.to_string().contains(KEY)
    }));
    assert!(!stage.is_kept(KEY).await, "the key is kept nowhere as it is");
    assert!(stage.is_kept("the person has not spoken of due").await, "the exchange is written down");
    let shown = stage.get("/api/model-config").await.expect(200).json();
    assert!(shown["turnsSpentToday"].as_u64().unwrap() >= 10, "{shown}");
    let turns = shown["turnsSpentToday"].as_u64().unwrap();
    assert_eq!(shown["tokensSpentToday"].as_u64(), Some(turns * 110), "{shown}");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_interviewer_takes_the_place_of_a_model_that_cannot_be_asked_and_says_so() {
    let stage = Stage::full().await;
    let plain = start(&stage, GOAL).await;
    assert_eq!(
        (&plain["by"], plain.get("fallback")),
        (&json!({"kind": "rules"}), None),
        "none is configured: {plain}"
    );
    let stubborn = |_: &Value| vec![call("activate_workflow", json!({}))];
    let far = FarModel::start(stubborn);
    let base = far.choice(KEY)["baseUrl"].clone();
    for (choice, why) in [
        (json!({"provider": "openai", "model": "far", "baseUrl": "http://127.0.0.1:9/v1"}), "not reached"),
        (
            json!({"provider": "openai", "model": "far", "baseUrl": "http://169.254.169.254/v1"}),
            "not reached",
        ),
        (json!({"provider": "openai", "model": "far", "baseUrl": base, "tokensPerDay": 0}), "tokens"),
        (json!({"provider": "openai", "model": "far", "baseUrl": base}), "4 times over"),
    ] {
        choose(&stage, &choice).await;
        let shown = start(&stage, GOAL).await;
        assert_eq!(shown["by"], json!({"kind": "rules"}), "{shown}");
        assert!(shown["fallback"].as_str().unwrap().contains(why), "{shown}");
        let reply = shown["reply"].as_str().unwrap();
        assert!(
            reply.contains("the built-in interviewer does")
                && reply.ends_with(plain["reply"].as_str().unwrap()),
            "{reply}"
        );
        assert_eq!((&shown["draft"], &shown["missing"]), (&plain["draft"], &plain["missing"]));
    }
    // What was spent for nothing was spent all the same.
    let last = stage.get("/api/workflow-interviews?limit=1").await.expect(200).json();
    let id = last["items"][0]["id"].as_str().unwrap();
    let read = stage.get(&format!("/api/workflow-interviews/{id}")).await.expect(200).json();
    assert_eq!(read["turns"][1]["led"]["usage"]["calls"], 4, "{read}");
    stage.web.command(Method::DELETE, &stage.token, "/api/model-config", &json!({}), &[]).await.expect(200);
    assert_eq!(start(&stage, GOAL).await.get("fallback"), None);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_model_thinks_others_write_and_what_was_said_meanwhile_is_thought_over_too() {
    let stage = Stage::full().await;
    let shown = start(&stage, GOAL).await;
    let id = shown["id"].as_str().unwrap().to_owned();
    let mut far = FarModel::holding("talk a workflow through", |body| match told(body) {
        (data, 0) if data["youAskedAbout"]["topic"] == "open_breach" => {
            vec![call(
                "set_trigger",
                json!({ "trigger": { "type": "kri_breach", "onActivate": "next_breach" } }),
            )]
        }
        _ => answer("Noted, as it stands."),
    });
    choose(&stage, &far.choice(KEY)).await;
    let path = format!("/api/workflow-interviews/{id}/abandon");
    let meanwhile = async {
        far.is_held().await;
        stage.post("/api/outcomes", &json!({ "name": "Made meanwhile" })).await.expect(201);
        assert!(stage.database.holds_no_transaction().await, "not for reading either");
        stage.post(&path, &json!({})).await.expect(200);
        far.let_go();
    };
    let (said, ()) = tokio::join!(say(&stage, &id, "only new ones"), meanwhile);
    assert!(said.expect(409).text.contains("interview.abandoned"));
    let read = stage.get(&format!("/api/workflow-interviews/{id}")).await.expect(200).json();
    assert_eq!((&read["state"], read["turns"].as_array().map(Vec::len)), (&json!("abandoned"), Some(2)));
    stage.web.stop().await;
}
