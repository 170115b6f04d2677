//! Second factors: enrolled, shown, used up, required, lost.

use chrono::Duration;
use draxis_event_store::Clock as _;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Executor as _, Row as _};
use totp_rs::{Builder, Secret};

use super::stage::{PASSWORD, Somebody, Stage, code, cookie};
use crate::house::Told;

/// An authenticator app that was told a secret.
struct App(Secret);

impl App {
    fn told(told: &Told) -> Self {
        Self(Secret::try_from_base32(told.field("secret")).unwrap())
    }

    /// What it shows so many steps from now.
    fn shows(&self, stage: &Stage, steps: i64) -> String {
        let seconds = stage.web.clock.now().timestamp() + steps * 30;
        let totp = Builder::new().with_secret(self.0.clone()).build_noncompliant();
        totp.generate(u64::try_from(seconds).unwrap()).to_string()
    }
}

/// Somebody's second factor.
struct Factor {
    app: App,
    recovery_codes: Vec<String>,
    /// The token that confirming it answered with.
    token: String,
}

async fn enroll(stage: &Stage, token: &str) -> Factor {
    let begun = stage.web.post(token, "/api/auth/mfa/enroll", &json!({})).await.expect(200);
    let app = App::told(&begun);
    assert!(begun.field("otpauthUrl").starts_with("otpauth://totp/Draxis:"), "{}", begun.text);
    let body = json!({"code": app.shows(stage, 0)});
    let confirmed = stage.web.post(token, "/api/auth/mfa/confirm", &body).await.expect(200);
    let codes = confirmed.json()["recoveryCodes"].clone();
    let recovery_codes: Vec<String> = serde_json::from_value(codes).unwrap();
    // Its first code is used up.
    stage.web.clock.advance(Duration::seconds(30));
    Factor { app, recovery_codes, token: confirmed.field("accessToken") }
}

async fn with_factor(stage: &Stage) -> (Somebody, Factor) {
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let factor = enroll(stage, &ada.token).await;
    (ada, factor)
}

async fn verify(stage: &Stage, challenge: &str, shown: (&str, &str)) -> Told {
    let body = json!({"challenge": challenge, shown.0: shown.1});
    stage.web.post("", "/api/auth/mfa/verify", &body).await
}

async fn login(stage: &Stage, password: &str, shown: Option<&str>) -> Told {
    let mut body = json!({"email": "ada@acme.example", "password": password});
    if let Some(shown) = shown {
        body["code"] = json!(shown);
    }
    stage.web.post("", "/api/auth/login", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_a_second_factor_signs_in_with_both_in_one_request_or_in_two() {
    let stage = Stage::set().await;
    let (_, factor) = with_factor(&stage).await;
    let asked = login(&stage, PASSWORD, None).await.expect(401);
    assert_eq!(code(&asked), "mfa_required");
    assert!(asked.header("set-cookie").is_empty(), "no session yet");
    let challenge = asked.field("challenge");
    assert_eq!(stage.web.get(&challenge, "/api/auth/me").await.status, 401, "a challenge is no token");
    let signed_in = verify(&stage, &challenge, ("code", &factor.app.shows(&stage, 0))).await.expect(200);
    stage.web.get(&signed_in.field("accessToken"), "/api/dashboard").await.expect(200);
    stage.refresh(&cookie(&signed_in)).await.expect(200);

    let ahead = factor.app.shows(&stage, 1);
    login(&stage, PASSWORD, Some(&ahead)).await.expect(200);
    stage.web.clock.advance(Duration::minutes(5));
    let late = verify(&stage, &challenge, ("code", &factor.app.shows(&stage, 0))).await.expect(401);
    assert_eq!(code(&late), "wrong_credentials", "a challenge is short-lived");
    let token = signed_in.field("accessToken");
    assert_eq!(verify(&stage, &token, ("code", "000000")).await.status, 401, "a token is no challenge");
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_says_nothing_of_a_second_factor() {
    let stage = Stage::set().await;
    let (_, factor) = with_factor(&stage).await;
    let unknown = json!({"email": "nobody@acme.example", "password": "wrong horse battery"});
    let unknown = stage.web.post("", "/api/auth/login", &unknown).await.expect(401);
    let right = factor.app.shows(&stage, 0);
    for shown in [None, Some("000000"), Some(right.as_str())] {
        let told = login(&stage, "wrong horse battery", shown).await.expect(401);
        assert_eq!(told.text, unknown.text);
    }
    login(&stage, PASSWORD, Some(&right)).await.expect(200);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_show_the_same_code_at_once_one_gets_in() {
    let stage = Stage::set().await;
    let (_, factor) = with_factor(&stage).await;
    let challenge = login(&stage, PASSWORD, None).await.field("challenge");
    for shown in [("code", factor.app.shows(&stage, 0)), ("recoveryCode", factor.recovery_codes[0].clone())] {
        let attempts = (0..8).map(|_| verify(&stage, &challenge, (shown.0, &shown.1)));
        let told = join_all(attempts).await;
        let got_in = told.iter().filter(|told| told.status == 200).count();
        assert_eq!(got_in, 1, "{told:?}");
        let refused = told.iter().find(|told| told.status != 200).unwrap();
        assert_eq!(code(refused), "mfa_code_wrong");
        // The tries that failed are forgiven with the next that does not.
        stage.web.clock.advance(Duration::seconds(60));
        verify(&stage, &challenge, ("code", &factor.app.shows(&stage, 0))).await.expect(200);
    }
    let used = stage.events(&stage.root, "account.recovery_code_used").await;
    assert_eq!((used.len(), &used[0]["payload"]["left"]), (1, &json!(9)));
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_an_earlier_step_than_the_last_one_used_is_refused() {
    let stage = Stage::set().await;
    let (_, factor) = with_factor(&stage).await;
    let (before, now) = (factor.app.shows(&stage, -1), factor.app.shows(&stage, 0));
    login(&stage, PASSWORD, Some(&now)).await.expect(200);
    for used in [before, now] {
        assert_eq!(code(&login(&stage, PASSWORD, Some(&used)).await.expect(401)), "mfa_code_wrong");
    }
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_wrong_codes_close_the_door_for_a_quarter_of_an_hour() {
    let stage = Stage::set().await;
    let (_, factor) = with_factor(&stage).await;
    for _ in 0..10 {
        assert_eq!(login(&stage, PASSWORD, Some("000000")).await.status, 401);
    }
    let closed = login(&stage, PASSWORD, Some(&factor.app.shows(&stage, 0))).await;
    assert_eq!(code(&closed.expect(429)), "too_many_codes", "the right one as well");
    stage.web.clock.advance(Duration::minutes(15));
    login(&stage, PASSWORD, Some(&factor.app.shows(&stage, 0))).await.expect(200);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enrolling_ends_the_sessions_that_never_showed_it_and_leaves_no_secret_behind() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let elsewhere = cookie(&stage.login("ada").await.expect(200));
    let begun = stage.web.post(&ada.token, "/api/auth/mfa/enroll", &json!({})).await.expect(200);
    let wrong = stage.web.post(&ada.token, "/api/auth/mfa/confirm", &json!({"code": "000000"})).await;
    assert_eq!(code(&wrong), "mfa_code_wrong");
    stage.login("ada").await.expect(200);
    let factor = enroll(&stage, &ada.token).await;
    assert_eq!(stage.refresh(&elsewhere).await.status, 401);
    let here = stage.refresh(&ada.cookie).await.expect(200);
    assert_eq!(code(&stage.web.post(&ada.token, "/api/auth/mfa/enroll", &json!({})).await), "mfa.enrolled");

    let log = stage.web.get(&stage.root, "/api/audit/events?limit=200").await.expect(200).text;
    let mut database = stage.database.superuser().await;
    let rows = database
        .fetch_one(
        "SELECT concat((SELECT string_agg(f::text, '') FROM second_factors f), (SELECT string_agg(c::text, '') FROM recovery_codes c),
                       (SELECT string_agg(encode(sealed, 'escape'), '') FROM vault))",
        )
        .await
        .unwrap()
        .get::<String, _>(0);
    let secret = factor.app.0.to_base32();
    for hidden in [secret, begun.field("secret"), factor.recovery_codes[0].clone()] {
        assert!(!log.contains(&hidden) && !rows.contains(&hidden), "{hidden}");
    }

    let disable =
        async |body: Value| stage.web.post(&here.field("accessToken"), "/api/auth/mfa/disable", &body).await;
    let shown = factor.app.shows(&stage, 0);
    let wrong = disable(json!({"password": "wrong horse battery", "code": shown})).await;
    assert_eq!(code(&wrong.expect(401)), "wrong_credentials");
    assert_eq!(disable(json!({"password": PASSWORD, "code": "000000"})).await.status, 401);
    assert_eq!(disable(json!({"password": PASSWORD})).await.status, 422);
    disable(json!({"password": PASSWORD, "code": shown})).await.expect(204);
    stage.login("ada").await.expect(200);
    let left = database
        .fetch_one(
            "SELECT (SELECT count(*) FROM second_factors) + (SELECT count(*) FROM recovery_codes)
              + (SELECT count(*) FROM vault WHERE kind = 'second_factor')",
        )
        .await
        .unwrap()
        .get::<i64, _>(0);
    assert_eq!(left, 0, "nothing is kept of a factor that is no more");
    stage.web.stop().await;
}

async fn require(stage: &Stage, by: &str, subject: &Value, required: impl Into<Value>) -> Told {
    let body = json!({"subject": subject, "required": required.into(), "reason": "the insurer asks for it"});
    stage.web.command(Method::PUT, by, "/api/mfa-policy", &body, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_required_a_person_without_one_can_only_enroll() {
    let stage = Stage::set().await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let subjects = [
        json!({"kind": "platform"}),
        json!({"kind": "organization", "organizationId": stage.organization}),
        json!({"kind": "tenant", "tenantId": stage.tenant}),
        json!({"kind": "account", "accountId": ada.id}),
    ];
    for subject in &subjects {
        require(&stage, &stage.root, subject, true).await.expect(200);
        let told = stage.login("ada").await.expect(200);
        assert_eq!(told.json()["mfaEnrollmentRequired"], true, "{subject}");
        let limited = told.field("accessToken");
        for path in ["/api/dashboard", "/api/accounts", "/api/integrations/catalog", "/api/audit/keys"] {
            let refused = stage.web.get(&limited, path).await.expect(403);
            assert_eq!(code(&refused), "mfa_enrollment_required", "{subject} {path}");
        }
        let refused = stage.web.post(&limited, "/api/outcomes", &json!({"name": "O"})).await.expect(403);
        assert_eq!(code(&refused), "mfa_enrollment_required");
        assert_eq!(code(&stage.tenant_token(&limited).await.expect(403)), "mfa_enrollment_required");
        stage.web.get(&limited, "/api/auth/me").await.expect(200);
        let refreshed = stage.refresh(&cookie(&told)).await.expect(200).field("accessToken");
        assert_eq!(stage.web.get(&refreshed, "/api/dashboard").await.status, 403);
        require(&stage, &stage.root, subject, false).await.expect(200);
        let free = stage.login("ada").await.expect(200).field("accessToken");
        stage.web.get(&free, "/api/dashboard").await.expect(200);
    }
    let told = stage.events(&stage.root, "mfa_policy.required").await;
    assert_eq!(told.len(), subjects.len());
    assert_eq!(told[0]["metadata"]["reason"], "the insurer asks for it");

    require(&stage, &ada.token, &subjects[2], true).await.expect(200);
    let limited = stage.login("ada").await.expect(200).field("accessToken");
    let factor = enroll(&stage, &limited).await;
    stage.web.get(&factor.token, "/api/dashboard").await.expect(200);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_requires_one_is_entered_with_a_session_that_showed_one() {
    let stage = Stage::set().await;
    let tenant = json!({"kind": "tenant", "tenantId": stage.tenant});
    require(&stage, &stage.root, &tenant, true).await.expect(200);
    assert_eq!(code(&stage.tenant_token(&stage.root).await.expect(403)), "mfa_enrollment_required");
    let factor = enroll(&stage, &stage.root).await;
    // The token from before was taken in a session that had shown a password alone.
    assert_eq!(code(&stage.tenant_token(&stage.root).await.expect(403)), "mfa_session_required");
    let entered = stage.tenant_token(&factor.token).await.expect(200).field("accessToken");
    stage.web.get(&entered, "/api/dashboard").await.expect(200);
    stage.web.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_requires_it_beyond_their_own_scope() {
    let stage = Stage::set().await;
    let (theirs, _) = stage.web.tenant(&stage.root, "other-corp").await;
    let ada = stage.come_in("ada", &stage.role("tenant_admin")).await;
    let eve = stage.come_in("eve", &stage.role("tenant_user")).await;
    let master = json!({"role": "master_admin", "organizationId": stage.organization});
    let mia = stage.come_in("mia", &master).await;
    let never = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    let tenant = |id: &str| json!({"kind": "tenant", "tenantId": id});
    let account = |id: &str| json!({"kind": "account", "accountId": id});
    for (subject, unknown) in [(tenant(&theirs), tenant(never)), (account(&mia.id), account(never))] {
        let foreign = require(&stage, &ada.token, &subject, true).await.expect(404);
        assert_eq!(foreign.text, require(&stage, &ada.token, &unknown, true).await.expect(404).text);
    }
    assert_eq!(require(&stage, &ada.token, &json!({"kind": "platform"}), true).await.status, 403);
    assert_eq!(require(&stage, &eve.token, &tenant(&stage.tenant), true).await.status, 403);
    stage.come_in("eve", &master).await;
    let part = require(&stage, &ada.token, &account(&eve.id), true).await;
    assert_eq!(part.status, 403, "they are more than this tenant's");
    require(&stage, &mia.token, &account(&eve.id), true).await.expect(200);
    let asked = format!("/api/mfa-policy?kind=account&accountId={}", eve.id);
    assert_eq!(stage.web.get(&mia.token, &asked).await.expect(200).json()["required"], true);
    let asked = format!("/api/mfa-policy?kind=tenant&tenantId={theirs}");
    assert_eq!(stage.web.get(&ada.token, &asked).await.status, 404);
    stage.web.stop().await;
}
