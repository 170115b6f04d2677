//! Effects: what a run does outside, under a name that never changes between attempts (hazards H3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::workflow::StepId;
use crate::workflow_run::Purpose;
use crate::{EventId, TenantId, WorkflowRunId};

/// The name of one effect: 128 bits, on the wire 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EffectId(u128);

text_schema!(EffectId, "pattern": "^[0-9a-f]{32}$");

/// A text that names no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an effect's id is 32 of 0-9 and a-f")]
pub struct EffectIdError;

impl EffectId {
    /// The name of what a run does for a step and a purpose: a hash of these and never of the attempt.
    pub fn of((tenant, run): (TenantId, WorkflowRunId), step: &StepId, purpose: &Purpose) -> Self {
        let way = |in_slack: &bool| if *in_slack { ":slack" } else { "" };
        let purpose = match purpose {
            Purpose::Step => "step".to_owned(),
            Purpose::Ask { round, in_slack } => format!("ask:{round}{}", way(in_slack)),
            Purpose::Remind { round, count, in_slack } => format!("remind:{round}:{count}{}", way(in_slack)),
            Purpose::Escalate { round, in_slack } => format!("escalate:{round}{}", way(in_slack)),
            Purpose::Delegate { round, count } => format!("delegate:{round}:{count}"),
            Purpose::Incident { count } => format!("incident:{count}"),
        };
        let hash =
            hash(b"draxis.effect\0", &[&tenant.to_string(), &run.to_string(), step.as_str(), &purpose]);
        Self(hash.iter().take(16).fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte)))
    }
}

impl EventId {
    /// The name of one change that a step of a run makes to a KRI, the same however often it is asked for (hazards H12).
    pub fn of_kri_change(run: WorkflowRunId, step: &StepId, index: usize) -> Self {
        Self::of_hash(&hash(b"draxis.kri_change\0", &[&run.to_string(), step.as_str(), &index.to_string()]))
    }
}

/// A SHA-256 over the parts, each ended by a zero byte.
fn hash(domain: &[u8], parts: &[&str]) -> [u8; 32] {
    let hash = parts
        .iter()
        .fold(Sha256::new().chain_update(domain), |hash, part| hash.chain_update(part).chain_update(b"\0"));
    hash.finalize().into()
}

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for EffectId {
    type Err = EffectIdError;

    fn from_str(text: &str) -> Result<Self, EffectIdError> {
        let formed = text.len() == 32 && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let bits = u128::from_str_radix(text, 16).map_err(|_| EffectIdError)?;
        if formed { Ok(Self(bits)) } else { Err(EffectIdError) }
    }
}

impl TryFrom<String> for EffectId {
    type Error = EffectIdError;

    fn try_from(text: String) -> Result<Self, EffectIdError> {
        text.parse()
    }
}

impl From<EffectId> for String {
    fn from(id: EffectId) -> Self {
        id.to_string()
    }
}
