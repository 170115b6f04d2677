//! Facts: what the validator must know of the tenant, handed in by whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::kri_event_definition::EventType;
use crate::relay::Channel;
use crate::workflow::KriRef;
use crate::{AccountId, KriId, KriSlug};

/// What there is in a tenant that a definition can speak of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantFacts {
    /// Its KRIs in use.
    pub kris: Vec<KriFact>,
    /// The relays that are set up.
    pub relays: BTreeSet<Channel>,
    /// Who can sign in to it, with their roles for it.
    pub accounts: BTreeMap<AccountId, BTreeSet<Role>>,
    /// The KRI events it has declared, each with the KRIs it changes.
    pub kri_events: BTreeMap<EventType, BTreeSet<KriId>>,
}

/// One KRI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriFact {
    /// Its id.
    pub id: KriId,
    /// Its slug.
    pub slug: KriSlug,
    /// Its owner, where it has one.
    pub owner: Option<AccountId>,
}

impl TenantFacts {
    /// The KRI that is meant.
    pub fn kri(&self, named: &KriRef) -> Option<&KriFact> {
        self.kris.iter().find(|kri| named.names(kri.id, &kri.slug))
    }

    /// Everybody who holds the role.
    pub fn holders(&self, role: Role) -> impl Iterator<Item = AccountId> {
        self.accounts.iter().filter(move |(_, roles)| roles.contains(&role)).map(|(id, _)| *id)
    }
}
