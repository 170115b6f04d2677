//! The facts of a tenant that a definition is held against, each from the log: claims for what has a unique name, aggregates
//! for the rest. No read model is asked, because these facts decide.

use std::collections::BTreeSet;

use draxis_domain::kri::Kri;
use draxis_domain::kri_event_definition::KriEventDefinition;
use draxis_domain::relay::{Channel, Relay};
use draxis_domain::workflow::{KriFact, KriRef, TenantFacts};
use draxis_domain::{KriId, KriSlug, TenantId};
use draxis_event_store::{TenantTx, Those, claims_of};
use serde_json::Value;

use crate::CommandError;
use crate::execution::Commands;

impl Commands {
    /// What there is in a tenant that a definition can speak of.
    ///
    /// The list of KRIs is that of their slugs' claims, which are taken and given back in the very transaction that defines or
    /// archives a KRI. Of one KRI alone is the owner asked for, that of the trigger: only it is loaded.
    pub async fn workflow_facts(
        &self,
        tenant: TenantId,
        definition: &Value,
    ) -> Result<TenantFacts, CommandError> {
        let mut facts = TenantFacts { kris: self.kri_facts(tenant).await?, ..TenantFacts::default() };
        self.find_owner(tenant, &mut facts, definition).await?;
        facts.relays = self.relays_set_up(tenant).await?;
        facts.accounts = self.members(tenant).await?;
        let declared = self.log().load_those::<KriEventDefinition>(tenant, Those::All).await?;
        for definition in declared.into_values() {
            let KriEventDefinition::Declared(declaration) = definition else { continue };
            let changed = declaration.body.effects.iter().filter_map(|effect| facts.kri(&effect.kri));
            let changed: BTreeSet<KriId> = changed.map(|kri| kri.id).collect();
            facts.kri_events.insert(declaration.body.event_type, changed);
        }
        Ok(facts)
    }

    /// The KRIs in use, without their owners.
    pub(crate) async fn kri_facts(&self, tenant: TenantId) -> Result<Vec<KriFact>, CommandError> {
        let claims = {
            let mut transaction = TenantTx::begin(&self.pools().app, tenant).await?;
            claims_of(&mut transaction, Kri::SLUG_CLAIM).await?
        };
        let fact = |(slug, id): (String, String)| {
            Some(KriFact { id: id.parse().ok()?, slug: KriSlug::parse(&slug).ok()?, owner: None })
        };
        Ok(claims.into_iter().filter_map(fact).collect())
    }

    async fn find_owner(
        &self,
        tenant: TenantId,
        facts: &mut TenantFacts,
        definition: &Value,
    ) -> Result<(), CommandError> {
        let named = definition.pointer("/trigger/kri").and_then(Value::as_str);
        let named = named.and_then(|kri| KriRef::try_from(kri.to_owned()).ok());
        let Some(named) = named else { return Ok(()) };
        if let Some(kri) = facts.kris.iter_mut().find(|kri| named.names(kri.id, &kri.slug)) {
            let loaded = self.load::<Kri>(tenant, &kri.id.to_string()).await?;
            kri.owner = loaded.in_use().and_then(|in_use| in_use.body.owner);
        }
        Ok(())
    }

    /// The relays that a tenant has set up.
    pub async fn relays_set_up(&self, tenant: TenantId) -> Result<BTreeSet<Channel>, CommandError> {
        let relays = self.log().load_those::<Relay>(tenant, Those::All).await?;
        let set_up = relays.values().filter_map(Relay::config).map(|config| config.settings.channel());
        Ok(set_up.collect())
    }
}
