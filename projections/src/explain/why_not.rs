//! Why not: no breach although one might be expected, none closed although the value is healthy, no workflow run.

use draxis_domain::kri::Status;

use crate::explain::answer::{CauseOf, Explanation, WhyNot};
use crate::explain::{Definition, Explaining};

impl Explaining {
    /// How many of the latest readings the answer hangs on: one, or as many as it takes to open or to close a breach.
    pub(super) fn evidence_needed(&self, definition: &Definition, status: Status) -> usize {
        let flapping = &definition.body.flapping;
        match (self.episodes.open(), status) {
            (None, Status::Amber | Status::Red) => flapping.open_after.get(),
            (Some(_), Status::Green | Status::Amber) => flapping.close_after.get(),
            (None, Status::Green | Status::Unknown) | (Some(_), Status::Red | Status::Unknown) => 1,
        }
    }

    pub(super) fn why_not(&self, definition: &Definition, explanation: &Explanation) -> Vec<WhyNot> {
        let mut answers = Vec::new();
        let Some(breach) = &explanation.breach else {
            answers.push(self.no_breach(definition, explanation));
            let because = "no workflow run was started because no breach is open";
            answers.push(answer("workflow_run", "no_breach", because));
            return answers;
        };
        answers.extend(Self::not_closed(definition, explanation.status));
        answers.extend(self.workflows.why_not(self.kri, &definition.body, breach));
        answers
    }

    fn no_breach(&self, definition: &Definition, explanation: &Explanation) -> WhyNot {
        let body = &definition.body;
        if explanation.archived {
            return answer("breach", "archived", "no breach is open because the KRI is archived");
        }
        let Some(value) = explanation.value else {
            return if self.values.is_measured() {
                let because = "no breach is open because every reading was withdrawn";
                answer("breach", "withdrawn", because)
            } else {
                answer("breach", "never_measured", "no breach is open because nothing was ever measured")
            };
        };
        if explanation.status.level().is_none() {
            let because =
                format!("no breach is open because {value} is on the healthy side of warn ({})", body.warn);
            return answer("breach", "healthy", because);
        }
        let settled = self.episodes.settled_until();
        if settled.is_some_and(|settled| self.values.true_at().is_some_and(|at| at <= settled)) {
            let because = "no breach is open because the last one was closed by somebody who knew this value";
            return answer("breach", "settled", because);
        }
        let needed = body.flapping.open_after.get();
        let because = format!(
            "no breach is open because {needed} readings in a row must be that bad, and of the last {} not all are",
            self.values.standing(needed)
        );
        answer("breach", "waiting", because)
    }

    /// Why a breach is still open although the value is better than its level.
    fn not_closed(definition: &Definition, status: Status) -> Option<WhyNot> {
        if status != Status::Green {
            return None;
        }
        let flapping = &definition.body.flapping;
        let needed = flapping.close_after.get();
        let because = match flapping.recovery {
            Some(recovery) => format!(
                "the breach is still open because {needed} reading(s) in a row must reach the recovery threshold ({recovery})"
            ),
            None => format!("the breach is still open because {needed} readings in a row must be healthy"),
        };
        Some(answer("close", "waiting", because))
    }
}

impl Explanation {
    /// The ids of all events that the explanation names.
    pub fn named(&self) -> std::collections::BTreeSet<draxis_domain::EventId> {
        let causes = self.causes.iter().map(|cause| cause.node.event_id);
        causes.chain(self.why_not.iter().flat_map(|why| &why.events).map(|node| node.event_id)).collect()
    }

    /// The reading under the value, by its place in the KRI.
    pub fn reading(&self) -> Option<draxis_domain::Sequence> {
        self.causes.iter().find_map(|cause| {
            if let CauseOf::Reading { sequence, current: true, .. } = cause.of {
                Some(sequence)
            } else {
                None
            }
        })
    }
}

fn answer(what: &'static str, code: &'static str, because: impl Into<String>) -> WhyNot {
    WhyNot { what, code, because: because.into(), workflow_id: None, events: Vec::new() }
}
