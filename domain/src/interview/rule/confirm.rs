//! Confirming: what was shown, and nothing else, becomes a workflow; each leaf of it names where it came from.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::interview::draft::leaves;
use crate::interview::need::needs;
use crate::interview::{InterviewConfirmed, InterviewEvent, InterviewState, Scene, digest};
use crate::workflow::{Definition, LeafOrigin, Provenance, validate};
use crate::{InterviewId, Name, Rejection, Violation, WorkflowId};

impl InterviewState {
    pub(super) fn confirm(
        &self,
        (given, name): (String, Option<Name>),
        workflow_id: WorkflowId,
        scene: &Scene,
    ) -> Result<Vec<InterviewEvent>, Rejection> {
        if self.confirmed.as_ref().is_some_and(|confirmed| confirmed.digest == given) {
            return Ok(Vec::new());
        }
        self.must_be_open()?;
        let missing = needs(&self.draft);
        let whole = self.draft.assembled().value;
        let problems = if missing.is_empty() { validate(&whole, &scene.tenant).err() } else { None };
        let problems = problems.unwrap_or_default();
        if !missing.is_empty() || !problems.is_empty() {
            let missing = missing.into_iter().map(|need| Violation {
                pointer: format!("/draft{}", need.pointer),
                detail: format!("missing: {}", need.what),
            });
            let problems = problems.into_iter().map(|problem| Violation {
                pointer: format!("/draft{}", problem.pointer),
                detail: format!("{}: {}. {}", problem.code, problem.message, problem.next),
            });
            let violations = missing.chain(problems).collect();
            return Err(Rejection::Invalid { code: "interview.incomplete", violations });
        }
        if digest(&whole) != given {
            return Err(Rejection::conflict(
                "interview.digest_stale",
                "the draft is not the one that was shown; read the interview, and confirm with its digest",
            ));
        }
        let drafted = whole.get("name").and_then(Value::as_str).and_then(|name| Name::parse(name).ok());
        let name = name.or(drafted).ok_or_else(|| {
            Rejection::invalid("interview.name", "/name", "say what the workflow is called")
        })?;
        let (workflow_id, version) =
            self.editing.map_or((workflow_id, 1), |(edited, version)| (edited, version.saturating_add(1)));
        let turn = self.turns.saturating_add(1);
        let confirmed = InterviewConfirmed { turn, digest: given, name, workflow_id, version };
        Ok(vec![InterviewEvent::Confirmed(confirmed)])
    }

    /// What was confirmed, as the workflow takes it: the definition, and for each of its leaves where it came from.
    pub fn outcome(&self) -> Option<(Definition, Provenance)> {
        let confirmed = self.confirmed.as_ref()?;
        let assembled = self.draft.assembled();
        let mut whole = assembled.value;
        let mut origins = assembled.origins;
        if whole.get("name").and_then(Value::as_str) != Some(confirmed.name.as_str()) {
            whole.as_object_mut()?.insert("name".to_owned(), json!(confirmed.name));
            origins.insert("/name".to_owned(), LeafOrigin::Turn(confirmed.turn));
        }
        let definition: Definition = serde_json::from_value(whole).ok()?;
        let origin = |leaf: String| {
            let origin = origins.get(&leaf).copied().unwrap_or(LeafOrigin::Default);
            (leaf, origin)
        };
        let leaves: BTreeMap<_, _> = leaves(&definition.to_value(), "").into_iter().map(origin).collect();
        let provenance =
            Provenance::Interview { interview_id: self.id.ulid(), digest: confirmed.digest.clone(), leaves };
        Some((definition, provenance))
    }
}

impl WorkflowId {
    /// The id of the workflow that comes of an interview: computed, so that confirming twice makes one. It keeps the
    /// interview's time, so that lists by id stay lists by time.
    pub fn of_interview(interview: InterviewId) -> Self {
        let hash = Sha256::new()
            .chain_update(b"draxis.workflow_of_interview\0")
            .chain_update(interview.ulid().0.to_be_bytes())
            .finalize();
        let bits = Self::of_hash(&hash).ulid().0;
        let time = interview.ulid().0 >> 80 << 80;
        Self::new(ulid::Ulid(time | (bits & ((1 << 80) - 1))))
    }
}
