//! What an approval's events mean: when people are to be reminded, when others are to be asked, when the time is over.

use draxis_domain::approval::ApprovalEvent;

use crate::timer::TimerKind;
use crate::timer::fold::{Change, TimerKey, key};

pub(super) fn changes(approval: &str, event: &ApprovalEvent) -> Vec<(TimerKey, Change)> {
    let due = |change| vec![(key(TimerKind::ApprovalDue, approval), change)];
    match event {
        ApprovalEvent::Requested(asked) => due(Change::Due(asked.next_at)),
        ApprovalEvent::Reminded(reminded) => due(Change::Due(reminded.next_at)),
        ApprovalEvent::Escalated(escalated) => due(Change::Due(escalated.next_at)),
        ApprovalEvent::Decided(_) | ApprovalEvent::Withdrawn(_) => due(Change::Clear),
        ApprovalEvent::Voted(_) | ApprovalEvent::Delegated(_) => Vec::new(),
    }
}
