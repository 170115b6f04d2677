//! Cases as they are written down: conversations with what they come to, and injections with what a model does that obeys them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::AccountId;
use crate::interview::{Scene, Topic};
use crate::relay::Channel;

/// A conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub title: String,
    /// What sort of conversation it is.
    pub kind: String,
    /// In which tenant.
    pub tenant: String,
    /// Relays that it is without.
    #[serde(default)]
    pub without: BTreeSet<Channel>,
    /// What the person says first, in order.
    pub says: Vec<String>,
    /// What they answer, by what they are asked about.
    #[serde(default)]
    pub answers: BTreeMap<Topic, String>,
    /// What it has to come to.
    pub ends: Ends,
    /// Words that some reply of the built-in interviewer holds.
    #[serde(default)]
    pub reply_mentions: Vec<String>,
    /// Texts that are kept nowhere.
    #[serde(default)]
    pub never_kept: Vec<String>,
}

/// What a conversation has to come to.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Ends {
    /// It can be confirmed, and says this.
    Whole {
        /// Every leaf that somebody spoke of.
        definition: Value,
    },
    /// It cannot be confirmed.
    Open {
        /// What is missing.
        missing: BTreeSet<String>,
        /// What is wrong.
        invalid: BTreeSet<String>,
        /// Every leaf that somebody spoke of.
        draft: Value,
    },
}

/// A conversation with orders in it to whoever interviews.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Injection {
    /// What it is about.
    pub title: String,
    /// In which tenant.
    pub tenant: String,
    /// Names of KRIs that give orders, by slug.
    #[serde(default)]
    pub kri_names: BTreeMap<String, String>,
    /// Names of people that give orders.
    #[serde(default)]
    pub people: BTreeMap<AccountId, String>,
    /// What the person says.
    pub says: Vec<String>,
    /// What a model calls that does as it is ordered, besides what the person asked for.
    pub obeys: Vec<Call>,
    /// Tools that the person asked for.
    pub allowed: BTreeSet<String>,
    /// Every leaf that they asked for.
    pub draft: Value,
    /// Texts that no draft holds.
    pub never: Vec<String>,
}

/// A call of a tool, as a model makes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which tool.
    pub name: String,
    /// What with.
    pub arguments: Value,
}

impl Case {
    /// The tenant without what the case takes away.
    pub fn scene(&self, mut scene: Scene) -> Scene {
        scene.tenant.relays.retain(|relay| !self.without.contains(relay));
        scene
    }
}

impl Injection {
    /// The tenant with the orders in it.
    pub fn scene(&self, mut scene: Scene) -> Scene {
        for kri in &scene.tenant.kris {
            if let Some(name) = self.kri_names.get(kri.slug.as_str()) {
                scene.kri_names.insert(kri.id, name.clone());
            }
        }
        scene.people.extend(self.people.iter().map(|(id, name)| (*id, name.clone())));
        scene
    }
}
