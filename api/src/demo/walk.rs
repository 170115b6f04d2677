//! The walk: registration → organization → tenant → sources → KRIs → run now → dashboard, by the real commands.

use std::net::SocketAddr;

use draxis_commands::Caller;
use draxis_commands::secret::Secret;
use draxis_commands::{CommandError, Context};
use draxis_domain::source::RunTrigger;
use draxis_domain::{Email, Name, Reason, SourceId, TenantId};
use draxis_event_store::{CommandKey, Committed, RequestHash};
use draxis_runner::far_systems::{FarJira, FarSystem};
use draxis_runner::source_run::RunAnswer;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::App;
use crate::demo::vendor::Vendors;
use crate::demo::{DemoError, KriSummary, Summary, WorkflowSummary};

/// Whom the demo signs in as.
pub(super) const EMAIL: &str = "demo@draxis.example";
/// The demo's password: known to everybody, which is why the demo serves on this machine only.
pub(super) const PASSWORD: &str = "a demo for everybody";

/// A walk over a started program.
pub(super) struct Walk<'a> {
    pub(super) app: &'a App,
    pub(super) vendors: &'a Vendors,
    pub(super) jira: &'a FarSystem<FarJira>,
}

pub(super) fn step(step: &'static str) -> impl Fn(CommandError) -> DemoError {
    move |error| DemoError::Step { step, source: Box::new(error) }
}

pub(super) fn body<T: DeserializeOwned>(value: Value) -> Result<T, DemoError> {
    serde_json::from_value(value)
        .map_err(|error| DemoError::Step { step: "reading the demo's own settings", source: Box::new(error) })
}

pub(super) fn created_id(done: &Committed) -> Result<String, DemoError> {
    let answer: Value = serde_json::from_slice(&done.answer.body).unwrap_or_default();
    let id = answer.get("id").and_then(Value::as_str).map(str::to_owned);
    id.ok_or_else(|| DemoError::Unexpected("a command did not answer with an id".to_owned()))
}

impl Walk<'_> {
    pub(super) async fn take(self, progress: &mut (dyn FnMut(&str) + Send)) -> Result<Summary, DemoError> {
        progress("Registering the first administrator");
        let admin = self.sign_in().await?;
        progress("Creating an organization and a tenant");
        let tenant = self.tenant(&admin).await?;
        let caller = self.caller(&admin, tenant).await?;
        progress("Connecting a vulnerability scanner and an identity provider on loopback");
        let tenable = self.tenable(&caller).await?;
        let okta = self.okta(&caller).await?;
        progress("Defining outcomes, risks and KRIs");
        self.risk_model(&caller, &tenable, &okta).await?;
        progress("Setting up a workflow: a ticket, an approval, a patch");
        let watch = self.watch((&admin, &caller), tenant).await?;
        progress("Running both sources (a real export: some seconds)");
        self.run(&caller, &tenable).await?;
        self.run(&caller, &okta).await?;
        progress("Critical CVEs are red: the workflow opens a ticket and asks");
        let workflow = self.decide(tenant, &watch, progress).await?;
        self.summary(tenant, workflow).await
    }

    async fn sign_in(&self) -> Result<Caller, DemoError> {
        let identity = &self.app.identity;
        let email = Email::parse(EMAIL).map_err(|error| DemoError::Unexpected(error.to_string()))?;
        let signed_in = if identity.needs_setup().await.map_err(step("asking whether to set up"))? {
            let password = body(json!(PASSWORD))?;
            let name: Name = body(json!("Demo Administrator"))?;
            identity.register_first(&Context::of(Caller::public()), (email, name, password)).await
        } else {
            identity
                .login(&Context::of(Caller::public()), &email, (Secret::new(PASSWORD.to_owned()), None))
                .await
        };
        let signed_in = signed_in.map_err(step("signing in (this data directory may not be a demo's)"))?;
        identity.caller(&signed_in.access.access_token).map_err(step("reading the access token"))
    }

    /// A context whose key names the step, so that a second start repeats the answer instead of the step.
    pub(super) fn once(caller: &Caller, key: &str) -> Context {
        let key = CommandKey {
            caller: caller.actor.to_string(),
            key: format!("demo/{key}"),
            request: RequestHash([0; 32]),
        };
        Context { key: Some(key), ..Context::of(caller.clone()) }
    }

    async fn tenant(&self, admin: &Caller) -> Result<TenantId, DemoError> {
        let organization = body(json!({ "name": "Demo Security Partners" }))?;
        let done =
            self.app.commands.create_organization(&Self::once(admin, "organization"), organization).await;
        let organization = created_id(&done.map_err(step("creating the organization"))?)?;
        let tenant = body(
            json!({ "organizationId": organization, "slug": "acme-corp", "displayName": "Acme Corporation" }),
        )?;
        let done = self.app.identity.create_tenant(&Self::once(admin, "tenant"), tenant).await;
        body(json!(created_id(&done.map_err(step("creating the tenant"))?)?))
    }

    async fn caller(&self, admin: &Caller, tenant: TenantId) -> Result<Caller, DemoError> {
        let reason: Reason = body(json!("Showing the demo"))?;
        let token = self.app.identity.tenant_token(&Context::of(admin.clone()), tenant, reason).await;
        let token = token.map_err(step("taking a token for the tenant"))?;
        self.app.identity.caller(&token.access_token).map_err(step("reading the tenant's token"))
    }

    async fn tenable(&self, caller: &Caller) -> Result<String, DemoError> {
        let credentials = json!({ "access_key": "made-up-access_key", "secret_key": "made-up-secret_key" });
        let sealed = json!({ "credentials": credentials });
        self.source(caller, ("vulnerability", "tenable-io"), self.vendors.tenable, &sealed).await
    }

    async fn okta(&self, caller: &Caller) -> Result<String, DemoError> {
        let config = json!({ "domain": "acme.okta.com" });
        let sealed = json!({ "credentials": { "api_token": "made-up-api_token" }, "config": config });
        self.source(caller, ("identity", "okta"), self.vendors.okta, &sealed).await
    }

    /// Connects a source; at a later start its vendor listens elsewhere, so its address is edited.
    async fn source(
        &self,
        caller: &Caller,
        (kind, vendor): (&'static str, &'static str),
        address: SocketAddr,
        sealed: &Value,
    ) -> Result<String, DemoError> {
        let source = json!({
            "name": format!("Demo {vendor}"), "sourceType": kind, "vendor": vendor,
            "baseUrl": format!("http://{address}"), "schedule": "daily",
        });
        let secret = Some(Secret::new(sealed.to_string()));
        let key = Self::once(caller, vendor);
        let done = self.app.commands.connect_source(&key, body(source.clone())?, secret).await;
        let id = created_id(&done.map_err(step("connecting a source"))?)?;
        let edit = (body(source)?, None);
        let done = self.app.commands.edit_source(&Context::of(caller.clone()), body(json!(id))?, edit).await;
        done.map_err(step("pointing a source at its vendor"))?;
        Ok(id)
    }

    async fn risk_model(&self, caller: &Caller, tenable: &str, okta: &str) -> Result<(), DemoError> {
        let commands = &self.app.commands;
        let outcome =
            body(json!({ "name": "Customers can pay", "description": "Orders and payments keep working." }))?;
        let done = commands.define_outcome(&Self::once(caller, "outcome"), outcome).await;
        let outcome = created_id(&done.map_err(step("defining an outcome"))?)?;
        let mut risks = Vec::new();
        for (key, name, likelihood, impact) in [
            ("ransomware", "Ransomware through unpatched systems", 4, 5),
            ("takeover", "Account takeover", 3, 4),
        ] {
            let risk = json!({
                "name": name, "likelihood": likelihood, "impact": impact, "outcomeIds": [outcome],
            });
            let done = commands.define_risk(&Self::once(caller, key), body(risk)?).await;
            risks.push(created_id(&done.map_err(step("defining a risk"))?)?);
        }
        let (ransomware, takeover) = (risks.first().cloned(), risks.get(1).cloned());
        let worse_high = "higher_is_worse";
        let kris = [
            (
                "critical_cves_unpatched",
                "Critical CVEs unpatched",
                "count",
                tenable,
                worse_high,
                "1",
                "3",
                &ransomware,
            ),
            (
                "critical_cves_unpatched_gt_30d",
                "Critical CVEs unpatched for over 30 days",
                "count",
                tenable,
                worse_high,
                "1",
                "5",
                &ransomware,
            ),
            ("mfa_coverage_pct", "MFA coverage", "%", okta, "lower_is_worse", "95", "80", &takeover),
            ("privileged_accounts", "Privileged accounts", "count", okta, worse_high, "5", "10", &takeover),
        ];
        for (slug, name, unit, source, direction, warn, critical, risk) in kris {
            let kri = json!({
                "slug": slug, "name": name, "unit": unit, "sourceId": source, "direction": direction,
                "warn": warn, "critical": critical, "riskIds": risk.iter().collect::<Vec<_>>(), "outcomeId": outcome,
            });
            let done = commands.define_kri(&Self::once(caller, slug), body(kri)?).await;
            done.map_err(step("defining a KRI"))?;
        }
        Ok(())
    }

    async fn run(&self, caller: &Caller, source: &str) -> Result<(), DemoError> {
        let source: SourceId = body(json!(source))?;
        let answer = self.app.source_runs.run(Context::of(caller.clone()), source, RunTrigger::Manual).await;
        match answer.map_err(step("running a source"))? {
            RunAnswer::Completed(_) => Ok(()),
            RunAnswer::Failed { failure, .. } => Err(DemoError::Unexpected(failure.detail)),
            RunAnswer::UnderWay { .. } => Err(DemoError::Unexpected("a run took too long".to_owned())),
        }
    }

    async fn summary(&self, tenant: TenantId, workflow: WorkflowSummary) -> Result<Summary, DemoError> {
        let dashboard = self.app.read_models.dashboard(tenant, None).await;
        let dashboard = dashboard
            .map_err(|error| DemoError::Step { step: "reading the dashboard", source: Box::new(error) })?;
        let shown: Value = serde_json::from_slice(&dashboard.body).unwrap_or_default();
        let text = |kri: &Value, field: &str| kri.get(field).and_then(Value::as_str).map(str::to_owned);
        let shown = shown.get("kris").and_then(Value::as_array).cloned().unwrap_or_default();
        let kris: Vec<KriSummary> = shown
            .iter()
            .map(|kri| KriSummary {
                slug: text(kri, "slug").unwrap_or_default(),
                value: text(kri, "value"),
                status: text(kri, "status").unwrap_or_default(),
            })
            .collect();
        if kris.len() < 4 || kris.iter().any(|kri| kri.value.is_none()) {
            return Err(DemoError::Unexpected(format!("not every KRI has a value: {kris:?}")));
        }
        Ok(Summary { tenant_id: tenant.to_string(), position: dashboard.position.get(), kris, workflow })
    }
}
