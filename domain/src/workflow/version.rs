//! Versions: each change makes one, none is ever changed, and all can be read back from the workflow's events.

use crate::workflow::{Definition, WorkflowEvent};

/// The definition of a version, as the event that made it says.
pub fn definition_at<'a>(
    events: impl IntoIterator<Item = &'a WorkflowEvent>,
    version: u64,
) -> Option<&'a Definition> {
    events.into_iter().find_map(|event| match event {
        WorkflowEvent::Drafted(drafted) if version == 1 => Some(&*drafted.definition),
        WorkflowEvent::Edited(edited) if edited.version == version => Some(&*edited.definition),
        WorkflowEvent::Restored(restored) if restored.version == version => Some(&*restored.definition),
        WorkflowEvent::Drafted(_)
        | WorkflowEvent::Edited(_)
        | WorkflowEvent::Restored(_)
        | WorkflowEvent::Activated(_)
        | WorkflowEvent::Paused(_)
        | WorkflowEvent::Archived(_)
        | WorkflowEvent::RunStarted(_)
        | WorkflowEvent::RunRequested(_)
        | WorkflowEvent::RunMissed(_)
        | WorkflowEvent::RunEnded(_) => None,
    })
}
