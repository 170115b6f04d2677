//! A version's own time: the stretch of the stream in which the workflow stood on it and had been switched on.

use crate::workflow::event::WorkflowEvent;
use crate::{Position, Recorded};

/// The position behind which a version came into force, and the last one before the next version did; none for that where it is
/// still the newest, and none at all where the workflow was never switched on while it stood on it. `own` are the workflow's
/// events in order. A pause belongs to it: the version is still the one that the workflow stands on.
pub fn own_time(own: &[Recorded<WorkflowEvent>], version: u64) -> Option<(Position, Option<Position>)> {
    let (mut current, mut switched_on, mut begun) = (0, false, None);
    for told in own {
        let made = match &told.event {
            WorkflowEvent::Drafted(_) => 1,
            WorkflowEvent::Edited(edited) => edited.version,
            WorkflowEvent::Restored(restored) => restored.version,
            WorkflowEvent::Activated(_) => {
                switched_on = true;
                if current == version {
                    begun = begun.or(Some(told.position));
                }
                continue;
            }
            WorkflowEvent::Paused(_)
            | WorkflowEvent::Archived(_)
            | WorkflowEvent::RunStarted(_)
            | WorkflowEvent::RunRequested(_)
            | WorkflowEvent::RunMissed(_)
            | WorkflowEvent::RunEnded(_) => continue,
        };
        if current == version {
            let before = Position::new(told.position.get().saturating_sub(1));
            return begun.map(|begun| (begun, Some(before)));
        }
        current = made;
        begun = (switched_on && current == version).then_some(told.position);
    }
    begun.map(|begun| (begun, None))
}
