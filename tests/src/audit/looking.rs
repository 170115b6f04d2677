//! The audit routes over HTTP: what an auditor may do, and that each look is itself recorded.

use draxis_proof::bundle::verify;
use draxis_proof::checkpoint::{Checkpoint, KeyRing};
use draxis_proof::record::Record;
use draxis_proof::tree::{Hash, InclusionProof, leaf_hash};
use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Web};

/// A tenant with a KRI and two values, its administrator and an auditor.
pub(super) struct Scene {
    pub(super) web: Web,
    pub(super) database: TestDatabase,
    root: String,
    pub(super) tenant: String,
    pub(super) admin: String,
    pub(super) auditor: String,
    pub(super) kri: String,
}

impl Scene {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let web = Web::start(&database).await;
        let root = web.register().await;
        let (tenant, admin) = web.tenant(&root, "acme-corp").await;
        let invite = json!({"email": "eve@audit.example", "role": "auditor", "tenantId": tenant});
        let invited = web.post(&root, "/api/invitations", &invite).await.expect(201).field("token");
        let accept = json!({"name": "Eve", "password": "a password of her own"});
        let path = format!("/api/invitations/{invited}/accept");
        let auditor = web.post("", &path, &accept).await.expect(201).field("accessToken");
        let kri = json!({"slug": "open_ports", "name": "Open ports", "unit": "count", "direction": "higher_is_worse",
                         "warn": 5, "critical": 10});
        let kri = web.post(&admin, "/api/kris", &kri).await.expect(201).field("id");
        let scene = Self { web, database, root, tenant, admin, auditor, kri };
        scene.value(3).await;
        scene.value(7).await;
        scene
    }

    pub(super) async fn value(&self, value: u64) {
        self.web.clock.advance(chrono::Duration::seconds(10));
        let path = format!("/api/kris/{}/values", self.kri);
        self.web.post(&self.admin, &path, &json!({"value": value})).await.expect(200);
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        self.web.get(&self.auditor, path).await.expect(200).json()
    }

    /// The stream as its administrator sees it.
    pub(super) async fn events(&self) -> Vec<Value> {
        let events = self.web.get(&self.admin, "/api/audit/events?limit=200").await.expect(200).json();
        events["items"].as_array().unwrap().clone()
    }

    async fn upload(&self, bundle: Vec<u8>) -> (u16, Value) {
        let request = self.web.client().post(self.web.url("/api/audit/verify"));
        let response = request.bearer_auth(&self.auditor).body(bundle).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(super) async fn export(&self, query: &str) -> Vec<u8> {
        let path = self.web.url(&format!("/api/audit/export{query}"));
        let response = self.web.client().get(path).bearer_auth(&self.auditor).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        response.bytes().await.unwrap().to_vec()
    }

    pub(super) async fn ring(&self) -> KeyRing {
        let keys = self.get("/api/audit/keys").await;
        assert!(keys["items"][0]["from"].is_string(), "{keys}");
        KeyRing::parse(keys["items"][0]["verifierKey"].as_str().unwrap()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_verifies_offline_with_the_keys_the_server_names_and_online() {
    let scene = Scene::set().await;
    let ring = scene.ring().await;
    for query in ["", "?format=bundle&after=2", &format!("?aggregateType=kri&aggregateId={}", scene.kri)] {
        let bundle = scene.export(query).await;
        let report = verify(bundle.as_slice(), &ring, &[]).unwrap();
        assert!(report.holds(), "{query}: {report:?}");
        let (status, online) = scene.upload(bundle.clone()).await;
        assert_eq!((status, &online), (200, &serde_json::to_value(&report).unwrap()));
        let mut turned = bundle;
        let at = turned.windows(8).position(|bytes| bytes == b"\"payload").unwrap();
        turned[at + 12] ^= 1;
        let (status, online) = scene.upload(turned).await;
        assert_eq!((status, online["integrity"]["verdict"].as_str()), (200, Some("refused")), "{online}");
    }
    let (status, problem) = scene.upload(b"nonsense".to_vec()).await;
    assert_eq!((status, problem["type"].as_str()), (400, Some("urn:draxis:problem:not_a_bundle")));
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_as_lines_and_as_cloud_events_and_go_on_where_they_broke_off() {
    let scene = Scene::set().await;
    let lines = String::from_utf8(scene.export("?format=ndjson").await).unwrap();
    let count = lines.lines().count();
    for (line, position) in lines.lines().zip(1..) {
        assert_eq!(Record::parse(line.as_bytes()).unwrap().fields().position, position);
    }
    let rest = String::from_utf8(scene.export("?format=ndjson&after=3").await).unwrap();
    assert!(rest.lines().count() > count - 3 && lines.lines().skip(3).eq(rest.lines().take(count - 3)));
    let events: Vec<Value> = serde_json::from_slice(&scene.export("?format=cloudevents").await).unwrap();
    assert_eq!(events[0]["tenantid"], scene.tenant);
    for query in ["?format=xml", "?limit=5", "?cursor=3", "?actor=%00", &format!("?type={}", "x".repeat(201))]
    {
        let refused = scene.web.get(&scene.auditor, &format!("/api/audit/export{query}")).await;
        assert!(refused.status == 422, "{query}: {}", refused.text);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_gets_checkpoints_and_proofs_that_hold_by_themselves() {
    let scene = Scene::set().await;
    let ring = scene.ring().await;
    let first = scene.get("/api/audit/checkpoint").await;
    let header =
        [("authorization", format!("Bearer {}", scene.auditor)), ("accept", "text/plain".to_owned())];
    let header: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let note = scene.web.send(Method::GET, "/api/audit/checkpoint", &header, None).await.expect(200).text;
    assert_eq!(first["note"], note.as_str());
    let sealed = Checkpoint::open(note.as_bytes(), &ring).unwrap();
    assert_eq!(sealed.checkpoint().origin().to_string(), format!("draxis/{}", scene.tenant));

    let proof = scene.web.get(&scene.auditor, "/api/audit/proof?position=2").await.expect(200);
    let fields = proof.json();
    let hashes = |value: &Value| -> Vec<Hash> {
        value.as_array().unwrap().iter().map(|hash| Hash::parse(hash.as_str().unwrap()).unwrap()).collect()
    };
    let begin = proof.text.find(r#""record":"#).unwrap() + r#""record":"#.len();
    let record = &proof.text[begin..proof.text.find(r#","leafHash""#).unwrap()];
    let path =
        InclusionProof { index: 1, size: fields["size"].as_u64().unwrap(), path: hashes(&fields["path"]) };
    let anchor = Checkpoint::open(fields["checkpoint"].as_str().unwrap().as_bytes(), &ring).unwrap();
    path.verify(&leaf_hash(record.as_bytes()), &anchor.checkpoint().root()).unwrap();

    scene.value(8).await;
    let size = first["size"].as_u64().unwrap();
    let grown = scene.get(&format!("/api/audit/proof?from={size}&to={}", size + 1)).await;
    assert_eq!(grown["fromRoot"], first["root"]);
    for query in ["", "?position=0", "?position=999", "?from=1", "?from=2&to=1", "?position=1&from=1&to=2"] {
        let refused = scene.web.get(&scene.auditor, &format!("/api/audit/proof{query}")).await;
        assert_eq!(refused.status, 422, "{query}: {}", refused.text);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_told_by_thing_and_by_actor_in_words_and_as_patches() {
    let scene = Scene::set().await;
    let events = scene.events().await;
    let value = events.iter().filter(|event| event["type"] == "kri.value_recorded").nth(1).unwrap();
    let before = value["position"].as_u64().unwrap() - 1;
    let diff = scene.get(&format!("/api/audit/diff?from={before}")).await;
    let things = diff["things"].as_array().unwrap();
    assert_eq!(things.len(), 1, "{diff}");
    assert_eq!(things[0]["thing"], format!("kri/{}", scene.kri));
    assert_eq!(things[0]["causes"][0]["eventId"], value["eventId"]);
    assert!(things[0]["words"].to_string().contains('7'), "{diff}");
    assert!(things[0]["patch"].as_array().is_some_and(|patch| !patch.is_empty()), "{diff}");
    let actors = diff["actors"].as_array().unwrap();
    assert!(actors.iter().any(|actor| actor["actor"] == value["metadata"]["actor"]), "{diff}");
    let whole = scene.get("/api/audit/diff?from=0").await;
    let came =
        whole["things"].as_array().unwrap().iter().filter(|thing| thing["words"][0] == "came into being");
    assert_eq!(came.count(), 1, "{whole}");
    let time = events[0]["recordedAt"].as_str().unwrap();
    let by_time = scene.get(&format!("/api/audit/diff?from={time}&to={before}")).await;
    assert!(by_time["from"].as_u64().is_some_and(|from| 0 < from && from <= before), "{by_time}");
    for query in ["", "?from=x", "?from=9999", "?from=2&to=1"] {
        assert_eq!(
            scene.web.get(&scene.auditor, &format!("/api/audit/diff{query}")).await.status,
            422,
            "{query}"
        );
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_explained_up_to_a_person_and_down_to_what_came_of_it() {
    let scene = Scene::set().await;
    let events = scene.events().await;
    let opened = events.iter().find(|event| event["type"] == "breach.opened").unwrap();
    let explained =
        scene.get(&format!("/api/audit/explain?event={}", opened["eventId"].as_str().unwrap())).await;
    assert_eq!(explained["event"]["eventId"], opened["eventId"]);
    assert_eq!(explained["together"][0]["type"], "kri.value_recorded", "{explained}");
    assert!(
        explained["origin"]["words"].as_str().unwrap().starts_with("the person with account"),
        "{explained}"
    );
    for missing in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "1"] {
        let refused = scene.web.get(&scene.auditor, &format!("/api/audit/explain?event={missing}")).await;
        assert_eq!(refused.status, 404);
    }
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_is_shown_as_it_was() {
    let scene = Scene::set().await;
    let events = scene.events().await;
    let first = events.iter().find(|event| event["type"] == "kri.value_recorded").unwrap();
    let then = scene.get(&format!("/api/audit/replay?position={}", first["position"])).await;
    let now = scene.web.get(&scene.admin, "/api/dashboard").await.expect(200).json();
    assert_ne!(then["kris"], now["kris"]);
    let time = first["recordedAt"].as_str().unwrap();
    assert_eq!(scene.get(&format!("/api/audit/replay?asOf={time}")).await["kris"], then["kris"]);
    assert_eq!(scene.web.get(&scene.auditor, "/api/audit/replay").await.status, 422);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_look_is_recorded_with_its_reader_and_a_repeated_reading_once() {
    let scene = Scene::set().await;
    let me = scene.get("/api/auth/me").await["id"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        scene.get("/api/audit/events?aggregateType=kri").await;
        scene.get("/api/audit/events?aggregateType=kri&cursor=3").await;
    }
    scene.get("/api/audit/events?aggregateType=risk").await;
    let bundle = scene.export("?actor=runner").await;
    scene.upload(bundle).await;
    scene.get("/api/audit/replay?position=1").await;
    scene.get("/api/audit/diff?from=1&to=2").await;
    let event = scene.events().await[0]["eventId"].as_str().unwrap().to_owned();
    scene.get(&format!("/api/audit/explain?event={event}")).await;
    scene.web.clock.advance(chrono::Duration::minutes(10));
    let login = json!({"email": "eve@audit.example", "password": "a password of her own"});
    let fresh = scene.web.post("", "/api/auth/login", &login);
    let fresh = fresh.await.expect(200).field("accessToken");
    scene.web.get(&fresh, "/api/audit/events?aggregateType=kri").await.expect(200);

    let events = scene.web.get(&fresh, "/api/audit/events?aggregateType=audit").await.expect(200).json();
    let looks: Vec<(&str, String)> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["metadata"]["actor"] == format!("account:{me}"))
        .map(|event| (event["type"].as_str().unwrap(), event["payload"].to_string()))
        .collect();
    let types: Vec<&str> = looks.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        types,
        [
            "audit.read",
            "audit.read",
            "audit.exported",
            "audit.verified",
            "audit.replayed",
            "audit.replayed",
            "audit.replayed",
            "audit.read",
            "audit.read",
        ],
        "{looks:?}"
    );
    assert_eq!(looks[2].1, r#"{"format":"bundle","part":{"actor":"runner"}}"#);
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impersonation_stands_on_both_streams() {
    let scene = Scene::set().await;
    let inside = scene.events().await;
    assert_eq!(inside[0]["type"], "audit.impersonated", "the very first thing that happened in the tenant");
    assert_eq!(inside[0]["metadata"]["reason"], "a test");
    assert!(inside[0]["metadata"]["impersonator"].is_string());
    let above =
        scene.web.get(&scene.root, "/api/audit/events?type=account.impersonated").await.expect(200).json();
    assert_eq!(above["items"][0]["payload"]["tenantId"], scene.tenant);
    assert_eq!(above["items"][0]["metadata"]["reason"], "a test");
    scene.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_changes_nothing_and_others_do_not_look() {
    let scene = Scene::set().await;
    let invite = json!({"email": "joe@acme.example", "role": "tenant_user", "tenantId": scene.tenant});
    let invited = scene.web.post(&scene.root, "/api/invitations", &invite).await.expect(201).field("token");
    let path = format!("/api/invitations/{invited}/accept");
    let user = scene.web.post("", &path, &json!({"name": "Joe", "password": "a password of his own"})).await;
    let user = user.expect(201).field("accessToken");
    for route in draxis_api::routes::routes().iter().filter(|route| route.path.starts_with("/api/audit/")) {
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let query = match route.path {
            "/api/audit/diff" => "?from=1",
            "/api/audit/explain" => "?event=01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "/api/audit/proof" | "/api/audit/replay" => "?position=1",
            _ => "",
        };
        let told = scene.web.command(method, &user, &format!("{}{query}", route.path), &json!({}), &[]).await;
        let expected = if route.path == "/api/audit/keys" { 200 } else { 403 };
        assert_eq!(told.status, expected, "{}: {}", route.path, told.text);
    }
    let before = scene.events().await.len();
    for route in draxis_api::routes::routes() {
        let reads = route.method.as_str() == "GET" || route.path.starts_with("/api/audit/");
        // Tokens, sessions and invitations' links are checked by other means, and change nothing in the tenant.
        if reads || route.path.starts_with("/api/auth/") || !route.is_command() {
            continue;
        }
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
        let path: Vec<&str> =
            route.path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let told = scene.web.command(method, &scene.auditor, &path.join("/"), &json!({}), &[]).await;
        assert!([403, 404, 422].contains(&told.status), "{} {}: {}", route.method, route.path, told.text);
    }
    assert_eq!(scene.events().await.len(), before, "nothing was written");
    scene.web.stop().await;
}
