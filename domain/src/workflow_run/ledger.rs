//! The ledger: what is known of each effect (hazards H3).

use serde::{Deserialize, Serialize};

use crate::relay::Channel;

/// How a thing is called at the far side, so that it can be shown and followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EffectReference {
    /// Where.
    pub channel: Channel,
    /// What the far side finds it by.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
