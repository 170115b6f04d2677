//! Texts with names in them: templates and conditions speak of what there is at their place in the run.

use super::Parts;
use crate::workflow::condition::{self, FUNCTIONS};
use crate::workflow::names::{Names, Unknown};
use crate::workflow::problem::{Pointer, Problem};
use crate::workflow::shape::clipped;
use crate::workflow::template::{self, Template};
use crate::workflow::{Action, Step, WaitUntil};

pub(super) fn check(
    parts: &Parts<'_>,
    index: usize,
    step: &Step,
    at: &Pointer<'_>,
    problems: &mut Vec<Problem>,
) {
    let names = Names::at(parts.trigger.as_ref(), parts.before(index));
    let later = |path: &str| {
        let id = path.strip_prefix("steps.")?.split('.').next()?;
        parts.place(id).filter(|place| *place >= index).map(|_| id.to_owned())
    };
    let texts = Texts { names: &names, later: &later };
    if let Some(when) = &step.frame.when {
        texts.condition(when, &at.key("when"), problems);
    }
    for (path, text) in templates(&step.action) {
        match path {
            (field, None) => texts.template(text, &at.key(field), problems),
            (outer, Some(inner)) => texts.template(text, &at.key(outer).key(inner), problems),
        }
    }
    if let Action::Wait(wait) = &step.action
        && let WaitUntil::Time { time } = &wait.until
        && !time.as_str().contains("{{")
        && chrono::DateTime::parse_from_rfc3339(time.as_str()).is_err()
    {
        let message = format!("{} is not an RFC 3339 time", clipped(time.as_str()));
        let next = "Write a time such as 2026-03-01T09:00:00Z, or a template that gives one.";
        problems.push(Problem::new("wait.time_malformed", &at.key("until").key("time"), message, next));
    }
}

/// The way to a field from its step: one key or two.
type Way = (&'static str, Option<&'static str>);

/// The action's templates with the ways to them.
fn templates(action: &Action) -> Vec<(Way, &Template)> {
    let field = |name| (name, None);
    match action {
        Action::NotifyOwner(notify) => {
            vec![(field("subject"), &notify.subject), (field("body"), &notify.body)]
        }
        Action::CreateTicket(ticket) => std::iter::once((field("summary"), &ticket.summary))
            .chain(ticket.description.iter().map(|text| (field("description"), text)))
            .collect(),
        Action::PanelQuery(ask) => vec![(field("question"), &ask.question)],
        Action::ProduceDocument(document) => {
            vec![(field("title"), &document.title), (field("body"), &document.body)]
        }
        Action::PostSlack(post) => vec![(field("text"), &post.text)],
        Action::AwaitApproval(ask) => vec![(field("question"), &ask.question)],
        Action::EmitKriEvent(emit) => emit.note.iter().map(|note| (field("note"), note)).collect(),
        Action::Wait(wait) => match &wait.until {
            WaitUntil::Time { time } => vec![(("until", Some("time")), time)],
            WaitUntil::Duration { .. } | WaitUntil::Ticket { .. } => Vec::new(),
        },
    }
}

struct Texts<'a> {
    names: &'a Names,
    /// The id of this or a later step, where the path speaks of one.
    later: &'a dyn Fn(&str) -> Option<String>,
}

impl Texts<'_> {
    fn template(&self, text: &Template, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
        for flaw in template::flaws(text.as_str(), self.names) {
            problems.push(match flaw {
                template::Flaw::Malformed { line, what } => Problem::new(
                    "template.malformed",
                    at,
                    format!("line {line}: {what}"),
                    "Write {{ name }} for a value, {% if name %}…{% endif %} for a condition.",
                ),
                template::Flaw::Unknown(unknown) => self.unknown("template", &unknown, at),
                template::Flaw::Function { name, allowed } => Problem::new(
                    "template.unknown_filter",
                    at,
                    format!("there is no filter or test {}", clipped(&name)),
                    "Use one of those that are known.",
                )
                .allowing(allowed),
                template::Flaw::Forbidden { what } => Problem::new(
                    "template.forbidden",
                    at,
                    format!("a template may use {what}"),
                    "Leave out what reaches further: other templates, functions, switching the escaping off.",
                ),
            });
        }
    }

    fn condition(&self, text: &str, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
        for flaw in condition::flaws(text, self.names) {
            problems.push(match flaw {
                condition::Flaw::Malformed { column, what } => Problem::new(
                    "condition.malformed",
                    at,
                    format!("column {column}: {what}"),
                    "Write a CEL expression such as trigger.level == 'red' && kri.value > 10.",
                ),
                condition::Flaw::Unknown(unknown) => self.unknown("condition", &unknown, at),
                condition::Flaw::Function { name } => Problem::new(
                    "condition.unknown_function",
                    at,
                    format!("there is no function {}", clipped(&name)),
                    "Use one of those that are known.",
                )
                .allowing(FUNCTIONS),
                condition::Flaw::NotBoolean => Problem::new(
                    "condition.not_boolean",
                    at,
                    "can be neither true nor false",
                    "Compare it with something.",
                ),
                condition::Flaw::Nested => Problem::new(
                    "condition.nested_loop",
                    at,
                    "loops inside a loop",
                    "Look through one list at a time.",
                ),
            });
        }
    }

    fn unknown(&self, text: &'static str, unknown: &Unknown, at: &Pointer<'_>) -> Problem {
        let name = &unknown.name;
        if let Some(step) = (self.later)(name) {
            let code = if text == "template" { "template.later_step" } else { "condition.later_step" };
            let message = format!("step {step} has no result yet when this step is taken");
            return Problem::new(code, at, message, "Move this step behind it, or speak of an earlier one.")
                .allowing(&unknown.allowed);
        }
        let code = if text == "template" { "template.unknown_name" } else { "condition.unknown_name" };
        let message = format!("there is no {name} here");
        Problem::new(code, at, message, "Use one of the names that are known here.")
            .allowing(&unknown.allowed)
    }
}
