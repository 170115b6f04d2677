//! The start of a run: what set it off, and the name that makes it one run however often it is asked for (hazards H1).

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::kri::Level;
use crate::kri_event_definition::KriEventBody;
use crate::{BreachId, KriEventDefinitionId, KriId, KriSlug, Quantity, WorkflowId, WorkflowRunId};

/// What set a run off, as the run shall see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum RunTrigger {
    /// A KRI's breach reached the level asked for.
    KriBreach(BreachReached),
    /// A time came.
    Schedule {
        /// Which.
        due_at: DateTime<Utc>,
    },
    /// Somebody pressed the button; who, stands in the event's metadata.
    Manual {
        /// What that person filled in, with defaults.
        inputs: Map<String, Value>,
    },
}

/// A breach reached a level: it opened at it or was raised to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BreachReached {
    /// Whose breach.
    pub kri: KriId,
    /// What that KRI is called.
    pub slug: KriSlug,
    /// Which episode.
    pub breach_id: BreachId,
    /// The level it reached.
    pub level: Level,
    /// When the episode began.
    pub opened_at: DateTime<Utc>,
    /// When it reached this level.
    pub reached_at: DateTime<Utc>,
    /// The value that did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Quantity>,
    /// The value before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_value: Option<Quantity>,
}

/// A declared KRI event as it stood when the run started: the run applies this and no later version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PinnedKriEvent {
    /// Which.
    pub id: KriEventDefinitionId,
    /// Its version.
    pub version: u64,
    /// What it does.
    pub definition: KriEventBody,
}

impl RunTrigger {
    /// What templates and conditions see as `trigger`: the names that the validator lets them speak of. Decimals are texts.
    pub fn context(&self, started_at: DateTime<Utc>, by: &str) -> Value {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        match self {
            Self::KriBreach(breach) => json!({
                "kind": "kri_breach", "at": time(breach.reached_at), "kri": breach.slug, "level": breach.level,
                "status": breach.level, "value": breach.value, "previousValue": breach.previous_value,
                "episode": breach.breach_id, "openedAt": time(breach.opened_at),
            }),
            Self::Schedule { due_at } => {
                json!({ "kind": "schedule", "at": time(started_at), "dueAt": time(*due_at) })
            }
            Self::Manual { inputs } => {
                json!({ "kind": "manual", "at": time(started_at), "by": by, "inputs": inputs })
            }
        }
    }
}

/// What makes a run that one run: a trigger's own name, never the workflow's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunKey {
    /// One due time.
    Schedule(DateTime<Utc>),
    /// One episode of a KRI's breach, for the level asked for.
    Breach(KriId, BreachId, Level),
    /// One press of the button.
    Manual(String),
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schedule(due) => write!(f, "schedule:{}", due.to_rfc3339_opts(SecondsFormat::Micros, true)),
            Self::Breach(kri, breach, Level::Amber) => write!(f, "breach:{kri}:{breach}:amber"),
            Self::Breach(kri, breach, Level::Red) => write!(f, "breach:{kri}:{breach}:red"),
            Self::Manual(key) => write!(f, "manual:{key}"),
        }
    }
}

impl WorkflowRunId {
    /// The id of the workflow's run for this key: computed from the cause, so that whoever computes it names the same run.
    pub fn of(workflow: WorkflowId, key: &RunKey) -> Self {
        let digest = Sha256::new()
            .chain_update(b"draxis.workflow_run\0")
            .chain_update(workflow.ulid().0.to_be_bytes())
            .chain_update(key.to_string())
            .finalize();
        Self::of_hash(&digest)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use serde_json::json;

    use super::{BreachReached, RunKey, RunTrigger};
    use crate::kri::Level;
    use crate::workflow::names::Names;
    use crate::{BreachId, KriId, WorkflowId, WorkflowRunId};

    #[test]
    fn one_cause_is_one_run_and_two_causes_are_two() {
        let workflow = |n: u128| WorkflowId::from(uuid::Uuid::from_u128(n));
        let breach = |n: u128, level| {
            RunKey::Breach(KriId::default(), BreachId::from(uuid::Uuid::from_u128(n)), level)
        };
        let all = [
            (workflow(1), RunKey::Schedule(DateTime::UNIX_EPOCH)),
            (workflow(2), RunKey::Schedule(DateTime::UNIX_EPOCH)),
            (workflow(1), RunKey::Schedule(DateTime::UNIX_EPOCH + chrono::Duration::seconds(1))),
            (workflow(1), breach(1, Level::Amber)),
            (workflow(1), breach(1, Level::Red)),
            (workflow(1), breach(2, Level::Red)),
            (workflow(1), RunKey::Manual("a".to_owned())),
            (workflow(1), RunKey::Manual("b".to_owned())),
        ];
        let ids: std::collections::BTreeSet<_> =
            all.iter().map(|(workflow, key)| WorkflowRunId::of(*workflow, key)).collect();
        assert_eq!(ids.len(), all.len());
    }

    #[test]
    fn a_run_sees_every_name_that_the_validator_lets_its_texts_speak_of() {
        let breach = BreachReached {
            kri: KriId::default(),
            slug: crate::KriSlug::parse("cves").unwrap(),
            breach_id: BreachId::default(),
            level: Level::Red,
            opened_at: DateTime::UNIX_EPOCH,
            reached_at: DateTime::UNIX_EPOCH,
            value: None,
            previous_value: None,
        };
        let inputs = json!({"who": "Priya"}).as_object().unwrap().clone();
        for (trigger, asked) in [
            (RunTrigger::KriBreach(breach), json!({"type": "kri_breach", "kri": "cves", "level": "red"})),
            (
                RunTrigger::Schedule { due_at: DateTime::UNIX_EPOCH },
                json!({"type": "schedule", "cron": "@daily", "timeZone": "UTC"}),
            ),
            (
                RunTrigger::Manual { inputs },
                json!({"type": "manual", "inputs": [{"name": "who", "type": "text"}]}),
            ),
        ] {
            let asked = serde_json::from_value(asked).unwrap();
            let names = Names::at(Some(&asked), []);
            let Ok(Names::Fields(known)) = names.find(&["trigger"]) else { panic!() };
            let seen = trigger.context(DateTime::UNIX_EPOCH, "Priya");
            let seen: Vec<&String> = seen.as_object().unwrap().keys().collect();
            assert!(
                known.keys().all(|name| seen.contains(&name)) && seen.len() == known.len(),
                "{seen:?} {known:?}"
            );
        }
    }

    #[test]
    fn the_name_of_a_run_never_changes_between_programs() {
        let key = RunKey::Schedule(DateTime::UNIX_EPOCH);
        assert_eq!(key.to_string(), "schedule:1970-01-01T00:00:00.000000Z");
        let id = WorkflowRunId::of(WorkflowId::default(), &key);
        assert_eq!(id.to_string(), "4NYJX694FNNM98TG1TX3H9SVD7");
    }
}
