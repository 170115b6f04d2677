//! Content: what a step does outside, its texts filled in for where they go.

use serde_json::Value;

use crate::workflow::{
    Action, Definition, Destination, NotifyOwner, Party, RenderError, Step, Template, TicketDestination,
};
use crate::workflow_run::{EffectContent, Scene};

/// Why a step cannot be done as it is written: a stable code, and what happened.
pub(super) type Flaw = (&'static str, String);

/// What the step does outside.
pub(super) fn content(
    step: &Step,
    definition: &Definition,
    (scene, context): (&Scene, &Value),
) -> Result<EffectContent, Flaw> {
    match &step.action {
        Action::NotifyOwner(letter) => {
            let to = scene.people(recipients(letter, definition));
            if to.is_empty() {
                return Err(("step.nobody", "there is nobody to write to".to_owned()));
            }
            let subject = filled(&letter.subject, context, Destination::Line)?;
            let text = filled(&letter.body, context, Destination::Plain)?;
            Ok(EffectContent::Email { to, subject, text })
        }
        Action::CreateTicket(ticket) => {
            let summary = filled(&ticket.summary, context, Destination::Line)?;
            let fill = |text: &Template| filled(text, context, Destination::Plain);
            let description = ticket.description.as_ref().map(fill).transpose()?;
            Ok(match ticket.destination.clone() {
                TicketDestination::Jira(ticket) => EffectContent::Jira { ticket, summary, description },
                TicketDestination::ServiceNow(ticket) => {
                    EffectContent::ServiceNow { ticket, summary, description }
                }
            })
        }
        Action::PostSlack(post) => {
            let text = filled(&post.text, context, Destination::SlackMrkdwn)?;
            Ok(EffectContent::Slack { channel: post.channel.clone(), text })
        }
        Action::PanelQuery(_)
        | Action::ProduceDocument(_)
        | Action::EmitKriEvent(_)
        | Action::AwaitApproval(_)
        | Action::Wait(_) => Err(("step.kind", "the step does nothing outside".to_owned())),
    }
}

/// Whom a letter goes to: the workflow's owners where it names nobody.
pub(super) fn recipients<'a>(letter: &'a NotifyOwner, definition: &'a Definition) -> &'a [Party] {
    if letter.to.is_empty() { &definition.owners } else { &letter.to }
}

/// Fills in a template; what stands in the way is the workflow's own fault.
pub(super) fn filled(template: &Template, context: &Value, destination: Destination) -> Result<String, Flaw> {
    template.render(context, destination).map_err(|error| {
        let code = match &error {
            RenderError::Undefined { .. } => "template.undefined",
            RenderError::TooMuch => "template.too_much",
            RenderError::Broken { .. } => "template.broken",
        };
        (code, error.to_string())
    })
}
