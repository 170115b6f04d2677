//! The name of an approval: computed from run, step and round, so that whoever asks a second time asks for the same one.

use sha2::{Digest, Sha256};

use crate::workflow::StepId;
use crate::{ApprovalId, WorkflowRunId};

impl ApprovalId {
    /// The id of what a run's step asks in that round; rounds count from 1.
    pub fn of(run: WorkflowRunId, step: &StepId, round: u32) -> Self {
        let digest = Sha256::new()
            .chain_update(b"draxis.approval\0")
            .chain_update(run.ulid().0.to_be_bytes())
            .chain_update(round.to_be_bytes())
            .chain_update(step.as_str())
            .finalize();
        Self::of_hash(&digest)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ulid::Ulid;

    use crate::workflow::StepId;
    use crate::{ApprovalId, WorkflowRunId};

    #[test]
    fn each_run_step_and_round_is_an_approval_of_its_own() {
        let run = |n| WorkflowRunId::new(Ulid(n));
        let step = |name| StepId::parse(name).unwrap();
        let ids: BTreeSet<ApprovalId> = [
            (run(1), step("approve"), 1),
            (run(2), step("approve"), 1),
            (run(1), step("approve_again"), 1),
            (run(1), step("approve"), 2),
        ]
        .iter()
        .map(|(run, step, round)| ApprovalId::of(*run, step, *round))
        .collect();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn the_name_of_an_approval_never_changes_between_programs() {
        let id = ApprovalId::of(WorkflowRunId::default(), &StepId::parse("approve").unwrap(), 1);
        assert_eq!(id.to_string(), "4XXXV69ZD8W347R3PAHYVH573V");
    }
}
