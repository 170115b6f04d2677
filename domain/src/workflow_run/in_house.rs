//! In the house: what a step is to do that leaves no trace outside, its texts filled in.

use chrono::{DateTime, Utc};

use crate::workflow::{Action, Destination, DocumentFormat, PinnedKriEvent, Step};
use crate::workflow_run::content::{Flaw, filled};
use crate::workflow_run::{RunState, Scene};

/// What is to be done in the house.
#[derive(Debug, Clone, PartialEq)]
pub enum InHouse<'a> {
    /// The expert panel is to be asked.
    Ask {
        /// What.
        question: String,
    },
    /// A document is to be written.
    Write {
        /// Its title.
        title: String,
        /// Its text in Markdown.
        body: String,
        /// What it is kept as.
        formats: Vec<DocumentFormat>,
    },
    /// A declared KRI event is to be applied.
    Emit {
        /// As it stood when the run started.
        pinned: &'a PinnedKriEvent,
        /// As of when.
        at: DateTime<Utc>,
    },
}

impl RunState {
    /// What the step is to do in the house.
    ///
    /// # Errors
    /// A stable code and what happened, where its texts cannot be filled in.
    pub fn in_house(&self, step: &Step, scene: &Scene) -> Result<InHouse<'_>, Flaw> {
        let context = self.context(scene);
        match &step.action {
            Action::PanelQuery(query) => {
                Ok(InHouse::Ask { question: filled(&query.question, &context, Destination::Plain)? })
            }
            Action::ProduceDocument(document) => Ok(InHouse::Write {
                title: filled(&document.title, &context, Destination::Line)?,
                body: filled(&document.body, &context, Destination::Plain)?,
                formats: document.formats.clone(),
            }),
            Action::EmitKriEvent(emit) => {
                let pinned =
                    self.begun.kri_events.iter().find(|it| it.definition.event_type == emit.event_type);
                let undeclared = || ("kri_event.undeclared", format!("{} is not declared", emit.event_type));
                let began = self.steps.get(&step.frame.id).and_then(|step| step.started_at);
                let at = began.unwrap_or(self.begun.started_at);
                Ok(InHouse::Emit { pinned: pinned.ok_or_else(undeclared)?, at })
            }
            Action::NotifyOwner(_)
            | Action::CreateTicket(_)
            | Action::PostSlack(_)
            | Action::AwaitApproval(_)
            | Action::Wait(_) => Err(("step.kind", "the step is not done in the house".to_owned())),
        }
    }
}
