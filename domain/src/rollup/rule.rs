//! The rules of the roll-up: the worst counts, not to know is never healthy, an ineffective control raises.

use std::collections::BTreeMap;

use crate::ControlId;
use crate::control::ControlState;
use crate::kri::Status;
use crate::rollup::{Cause, Coverage, KriLine, RiskLine, Severity};

/// A risk of an outcome, as far as it has been rolled up.
#[derive(Debug, Clone, Copy)]
pub struct Threat<'a> {
    /// The risk.
    pub risk: &'a RiskLine,
    /// Its severity.
    pub severity: &'a Severity,
    /// The KRIs that measure it.
    pub kris: &'a [&'a KriLine],
}

/// A risk's severity: the worst of its KRIs, unknown where it has none; an ineffective control raises it one level.
pub fn of_risk(kris: &[&KriLine], controls: &[(ControlId, ControlState)]) -> Severity {
    let worst = kris.iter().map(|kri| kri.counts_as()).max().unwrap_or(Status::Unknown);
    let failing = controls.iter().filter(|(_, state)| *state == ControlState::Ineffective);
    let raising: Vec<Cause> = failing.map(|(id, state)| Cause::Control { id: *id, state: *state }).collect();
    let status = if raising.is_empty() { worst } else { raised(worst) };
    let at_worst = kris.iter().filter(|kri| kri.counts_as() == worst).map(|kri| Cause::kri(kri));
    let raising = raising.into_iter().filter(|_| status != worst);
    Severity {
        status,
        because: at_worst.chain(raising).collect(),
        unknown: kris.iter().filter(|kri| !kri.measured()).count(),
        coverage: coverage(kris),
    }
}

/// An outcome's severity: the worst of its risks that still threaten it and of the KRIs that stand for it alone. Where it has
/// risks and none threatens any more it is green; where nothing is linked to it at all it is unknown.
pub fn of_outcome(threats: &[Threat<'_>], own: &[&KriLine]) -> Severity {
    let live: Vec<&Threat<'_>> = threats.iter().filter(|threat| threat.risk.status.threatens()).collect();
    let items: Vec<(Status, Cause)> = live
        .iter()
        .map(|threat| {
            let status = threat.severity.status;
            (status, Cause::Risk { id: threat.risk.id, status })
        })
        .chain(own.iter().map(|kri| (kri.counts_as(), Cause::kri(kri))))
        .collect();
    let nothing_left = if threats.is_empty() { Status::Unknown } else { Status::Green };
    let status = items.iter().map(|(status, _)| *status).max().unwrap_or(nothing_left);
    let unknown_risks = live.iter().filter(|threat| threat.severity.status == Status::Unknown).count();
    let unmeasured = own.iter().filter(|kri| !kri.measured()).count();
    let beneath: Vec<&KriLine> = live.iter().flat_map(|threat| threat.kris).chain(own).copied().collect();
    Severity {
        status,
        because: items.into_iter().filter(|(level, _)| *level == status).map(|(_, cause)| cause).collect(),
        unknown: unknown_risks.saturating_add(unmeasured),
        coverage: coverage(&beneath),
    }
}

/// One level worse. Not to know is no degree of badness, so that green becomes amber and not unknown.
const fn raised(status: Status) -> Status {
    match status {
        Status::Green | Status::Unknown => Status::Amber,
        Status::Amber | Status::Red => Status::Red,
    }
}

/// How many are measured, each counted once however many ways lead to it.
fn coverage(kris: &[&KriLine]) -> Coverage {
    let distinct: BTreeMap<_, bool> = kris.iter().map(|kri| (kri.id, kri.measured())).collect();
    Coverage { measured: distinct.values().filter(|measured| **measured).count(), total: distinct.len() }
}
