//! The scene: what a run sees of its tenant, each part from the log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use draxis_domain::account::Role;
use draxis_domain::kri::{Kri, KriState};
use draxis_domain::relay::{Channel, Relay};
use draxis_domain::workflow::{Action, Definition, Party, RunTrigger};
use draxis_domain::workflow_run::Scene;
use draxis_domain::{AccountId, KriId, TenantId};
use serde_json::{Value, json};

use crate::CommandError;
use crate::execution::Commands;

/// How long ago what a run sees of its tenant may have been read.
const FRESH: Duration = Duration::from_millis(250);

impl Commands {
    /// The tenant around a run, as it was a moment ago at the earliest. People are looked up only where the definition speaks of a role.
    pub async fn run_scene(
        &self,
        tenant: TenantId,
        (trigger, definition): (&RunTrigger, &Definition),
        url: String,
    ) -> Result<Scene, CommandError> {
        let ((kri, kri_owner), holders, has_mail) = tokio::try_join!(
            self.kri_in_scene(tenant, trigger_kri(trigger)),
            self.holders_in_scene(tenant, definition),
            self.mail_in_scene(tenant),
        )?;
        Ok(Scene { url, kri, kri_owner, holders, has_mail })
    }

    /// Asks for what scenes need besides the KRI, for whoever will need one within a moment.
    pub async fn expect_scene(&self, tenant: TenantId) -> Result<(), CommandError> {
        let members = self.members_of_late(tenant, FRESH);
        tokio::try_join!(self.mail_in_scene(tenant), members).map(drop)
    }

    async fn mail_in_scene(&self, tenant: TenantId) -> Result<bool, CommandError> {
        let mail = self.log().load_recent::<Relay>(tenant, Channel::Email.as_str(), FRESH).await?;
        Ok(mail.config().is_some())
    }

    async fn holders_in_scene(
        &self,
        tenant: TenantId,
        definition: &Definition,
    ) -> Result<BTreeMap<Role, BTreeSet<AccountId>>, CommandError> {
        let mut holders = BTreeMap::<Role, BTreeSet<AccountId>>::new();
        if speaks_of_roles(definition) {
            for (account, roles) in self.members_of_late(tenant, FRESH).await? {
                for role in roles {
                    holders.entry(role).or_default().insert(account);
                }
            }
        }
        Ok(holders)
    }

    async fn kri_in_scene(
        &self,
        tenant: TenantId,
        id: Option<KriId>,
    ) -> Result<(Value, Option<AccountId>), CommandError> {
        let Some(id) = id else { return Ok((Value::Null, None)) };
        let kri = self.log().load_recent::<Kri>(tenant, &id.to_string(), FRESH).await?;
        let Kri::Present(state) = &kri else { return Ok((Value::Null, None)) };
        Ok((shown(state), state.body.owner))
    }
}

const fn trigger_kri(trigger: &RunTrigger) -> Option<KriId> {
    match trigger {
        RunTrigger::KriBreach(breach) => Some(breach.kri),
        RunTrigger::Schedule { .. } | RunTrigger::Manual { .. } => None,
    }
}

/// What templates and conditions see as `kri`: the names that the validator lets them speak of. Decimals are texts.
fn shown(kri: &KriState) -> Value {
    let (body, standing) = (&kri.body, &kri.standing);
    let before = kri.window.value_before();
    json!({
        "id": kri.id, "slug": body.slug, "name": body.name, "unit": body.unit, "value": standing.value,
        "previousValue": before, "status": standing.status, "warn": body.warn, "critical": body.critical,
        "owner": body.owner, "observedAt": standing.observed_at,
    })
}

fn speaks_of_roles(definition: &Definition) -> bool {
    let in_steps = definition.steps.iter().flat_map(|step| match &step.action {
        Action::NotifyOwner(letter) => letter.to.as_slice(),
        Action::AwaitApproval(approval) => approval.approvers.as_slice(),
        Action::CreateTicket(_)
        | Action::PanelQuery(_)
        | Action::ProduceDocument(_)
        | Action::PostSlack(_)
        | Action::EmitKriEvent(_)
        | Action::Wait(_) => &[],
    });
    definition.owners.iter().chain(in_steps).any(|party| matches!(party, Party::Role(_)))
}
