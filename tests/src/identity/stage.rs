//! A stage: a platform with one tenant, and people who come in by invitation.

use reqwest::Method;
use serde_json::{Value, json};

use crate::house::{TestDatabase, Told, Web};

/// The password of everybody on the stage.
pub(super) const PASSWORD: &str = "correct horse battery";

/// A platform with one tenant.
pub(super) struct Stage {
    pub(super) web: Web,
    /// The first administrator's token.
    pub(super) root: String,
    /// The tenant, and the organization above it.
    pub(super) tenant: String,
    pub(super) organization: String,
    /// The first administrator's token for the tenant: an impersonation.
    pub(super) above: String,
    pub(super) database: TestDatabase,
}

/// Somebody who has come in.
pub(super) struct Somebody {
    pub(super) id: String,
    pub(super) token: String,
    /// The cookie of their session.
    pub(super) cookie: String,
    /// The link they came in by.
    pub(super) link: String,
}

/// The cookie that an answer sets.
pub(super) fn cookie(told: &Told) -> String {
    told.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

/// The stable code of a refusal.
pub(super) fn code(told: &Told) -> String {
    told.field("type").strip_prefix("urn:draxis:problem:").unwrap_or_default().to_owned()
}

impl Stage {
    pub(super) async fn set() -> Self {
        let database = TestDatabase::make().await;
        let web = Web::start(&database).await;
        let root = web.register().await;
        let (tenant, above) = web.tenant(&root, "acme-corp").await;
        let organization = web.get(&root, "/api/tenants").await.expect(200).json();
        let organization = organization["items"][0]["organizationId"].as_str().unwrap().to_owned();
        Self { web, root, tenant, organization, above, database }
    }

    /// A tenant's role.
    pub(super) fn role(&self, role: &str) -> Value {
        json!({"role": role, "tenantId": self.tenant})
    }

    /// Invites somebody and takes the invitation up for them.
    pub(super) async fn come_in(&self, name: &str, grant: &Value) -> Somebody {
        let mut invite = grant.clone();
        invite["email"] = json!(format!("{name}@acme.example"));
        let link = self.web.post(&self.root, "/api/invitations", &invite).await.expect(201).field("token");
        let told = self.accept(name, &link).await.expect(201);
        let id = told.json()["account"]["id"].as_str().unwrap().to_owned();
        Somebody { id, token: told.field("accessToken"), cookie: cookie(&told), link }
    }

    pub(super) async fn accept(&self, name: &str, link: &str) -> Told {
        let body = json!({"name": name, "password": PASSWORD});
        self.web.post("", &format!("/api/invitations/{link}/accept"), &body).await
    }

    pub(super) async fn login(&self, name: &str) -> Told {
        let body = json!({"email": format!("{name}@acme.example"), "password": PASSWORD});
        self.web.post("", "/api/auth/login", &body).await
    }

    pub(super) async fn refresh(&self, cookie: &str) -> Told {
        self.web.send(Method::POST, "/api/auth/refresh", &[("cookie", cookie)], None).await
    }

    pub(super) async fn revoke(&self, by: &str, id: &str, grant: &Value) -> Told {
        let body = json!({"grant": grant, "reason": "they left"});
        self.web.post(by, &format!("/api/accounts/{id}/revoke"), &body).await
    }

    /// A token for the tenant.
    pub(super) async fn tenant_token(&self, token: &str) -> Told {
        self.web.post(token, "/api/auth/tenant", &json!({"tenantId": self.tenant, "reason": "a test"})).await
    }

    /// Mints an API token and answers with its id and itself.
    pub(super) async fn mint(&self, by: &str, body: &Value) -> (String, String) {
        let told = self.web.post(by, "/api/api-tokens", body).await.expect(201);
        (told.field("id"), told.field("token"))
    }

    /// The events of that type on a token's stream.
    pub(super) async fn events(&self, token: &str, kind: &str) -> Vec<Value> {
        let path = format!("/api/audit/events?limit=200&type={kind}");
        let told = self.web.get(token, &path).await.expect(200).json();
        told["items"].as_array().cloned().unwrap_or_default()
    }
}
