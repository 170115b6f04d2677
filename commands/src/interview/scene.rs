//! The scene of an interview: what the server lists for the interviewer, under the person's rights (hazards H9).

use draxis_domain::interview::Scene;
use draxis_domain::kri::Kri;
use draxis_domain::{AccountId, Actor, TenantId};
use draxis_event_store::Those;
use serde_json::Value;
use uuid::Uuid;

use crate::CommandError;
use crate::execution::Commands;

impl Commands {
    /// What there is in a tenant that a draft may speak of, with the names people use for it.
    pub async fn interview_scene(&self, tenant: TenantId, actor: Actor) -> Result<Scene, CommandError> {
        let mut scene =
            Scene { tenant: self.workflow_facts(tenant, &Value::Null).await?, ..Scene::default() };
        let mut kris = self.log().load_those::<Kri>(tenant, Those::All).await?;
        for fact in &mut scene.tenant.kris {
            let loaded = kris.remove(&fact.id.to_string());
            if let Some(kri) = loaded.as_ref().and_then(Kri::in_use) {
                fact.owner = kri.body.owner;
                scene.kri_names.insert(fact.id, kri.body.name.as_str().to_owned());
            }
        }
        let members: Vec<Uuid> = scene.tenant.accounts.keys().map(|id| id.uuid()).collect();
        let rows = sqlx::query!("SELECT id, name FROM accounts WHERE id = ANY($1)", &members)
            .fetch_all(&self.pools().platform)
            .await?;
        scene.people = rows.into_iter().map(|row| (AccountId::from(row.id), row.name)).collect();
        scene.speaker = actor.account().filter(|account| scene.tenant.accounts.contains_key(account));
        Ok(scene)
    }
}
