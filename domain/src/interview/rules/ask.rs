//! How a question is put into words.

use crate::interview::rules::kri;
use crate::interview::summary::{clipped, listed};
use crate::interview::{Draft, Question, Scene, Topic};
use crate::workflow::Problem;

/// How long a question may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::interview) enum Length {
    /// With examples, for whoever is new or lost.
    Full,
    /// Without.
    Short,
}

/// A problem in words.
pub(in crate::interview) fn problem(problem: &Problem) -> String {
    let relay =
        problem.next.split("/api/relay-config/").nth(1).and_then(|rest| rest.split([',', ' ']).next());
    if let Some(relay) = relay.filter(|_| problem.code == "relay.missing") {
        let (name, step) = match relay {
            "slack" => ("Slack", "post to it"),
            "jira" => ("Jira", "open tickets there"),
            "servicenow" => ("ServiceNow", "open tickets there"),
            _ => ("Email", "send any"),
        };
        return format!(
            "{name} is not set up for this tenant, so the workflow could not {step}. Have it set up (PUT /api/relay-config/{relay}), \
             or tell me to drop the step."
        );
    }
    let mut message = problem.message.clone();
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{message}. {}", problem.next)
}

/// The question.
pub(in crate::interview) fn words(
    question: &Question,
    draft: &Draft,
    scene: &Scene,
    length: Length,
) -> String {
    if let Some(heard) = &question.heard {
        return about_unknown(question, &clipped(heard), scene);
    }
    match question.topic {
        Topic::Trigger if length == Length::Full => format!(
            "What should start this workflow? It can be a KRI's breach (“when {} goes red”), a time (“every weekday at nine in \
             Berlin”), or somebody who presses the button (“by hand”).",
            scene.tenant.kris.first().map_or_else(|| "critical CVEs".to_owned(), |kri| clipped(scene.kri_name(kri)))
        ),
        Topic::Trigger => "What should start it: a KRI's breach, a time, or somebody by hand?".to_owned(),
        Topic::Kri => format!("Which KRI should start it? There are {}.", some_kris(scene)),
        Topic::Level => {
            "At which level should it start: amber (also when it is red at once), or only red?".to_owned()
        }
        Topic::OpenBreach => "If the KRI is already in breach when you activate the workflow, should that breach count as well, or \
                              only new ones?"
            .to_owned(),
        Topic::Time => time(draft),
        Topic::TimeZone => "In which city's time, such as Berlin or New York?".to_owned(),
        Topic::Steps => "What should be done then? I can email people, open a Jira or ServiceNow ticket, post to Slack, ask the \
                         expert panel, produce a document, wait for an approval or for a while, and emit a KRI event."
            .to_owned(),
        Topic::Recipients => "Who should get the email: somebody by name, the KRI's owner, the workflow's owners, or everybody in a \
                              role such as the tenant admins?"
            .to_owned(),
        Topic::TicketSystem => "Where should the ticket be opened: in Jira or in ServiceNow?".to_owned(),
        Topic::Project => "In which Jira project? Give me its key, such as SEC.".to_owned(),
        Topic::Channel => "To which Slack channel?".to_owned(),
        Topic::Approvers => {
            "Who may approve: somebody by name, the KRI's owner, or everybody in a role such as the tenant admins?".to_owned()
        }
        Topic::Due => "How long do they have to decide?".to_owned(),
        Topic::OnTimeout => {
            "And if nobody decides in time: does that count as rejected, as approved, or should the run fail?".to_owned()
        }
        Topic::KriEvent => format!("Which KRI event should be emitted? Declared are {}.", events(scene)),
        Topic::Wait => "How long should it wait, or for what?".to_owned(),
        Topic::Owners => "Last: who owns this workflow? They are told when a run fails.".to_owned(),
    }
}

fn time(draft: &Draft) -> String {
    let known = |half: &str| draft.trigger().is_some_and(|trigger| trigger.contains_key(half));
    if known("days") {
        "At what time of the day?".to_owned()
    } else if known("clock") {
        "On which days?".to_owned()
    } else {
        "On which days and at what time?".to_owned()
    }
}

fn some_kris(scene: &Scene) -> String {
    let names: Vec<String> =
        scene.tenant.kris.iter().take(8).map(|kri| format!("“{}”", clipped(scene.kri_name(kri)))).collect();
    let more = scene.tenant.kris.len().saturating_sub(names.len());
    match (names.is_empty(), more) {
        (true, _) => "none yet; define one first".to_owned(),
        (false, 0) => listed(&names),
        (false, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn events(scene: &Scene) -> String {
    let names: Vec<&str> =
        scene.tenant.kri_events.keys().take(12).map(crate::kri_event_definition::EventType::as_str).collect();
    if names.is_empty() { "none yet".to_owned() } else { listed(&names) }
}

fn about_unknown(question: &Question, heard: &str, scene: &Scene) -> String {
    if question.topic == Topic::Kri {
        return about_kri(question, heard, scene);
    }
    if question.topic == Topic::KriEvent {
        return format!(
            "No KRI event “{heard}” is declared. Which one should be emitted? Declared are {}.",
            events(scene)
        );
    }
    let names: Vec<String> =
        question.candidates.iter().filter_map(|id| id.parse().ok()).map(Scene::mention).collect();
    match names.as_slice() {
        [] => format!(
            "I know nobody called “{heard}” in this tenant. Whom do you mean? They may have to be invited first."
        ),
        [one] => format!("I know nobody called “{heard}”. Do you mean {one}?"),
        several => format!("“{heard}” could be {}. Whom do you mean?", several.join(" or ")),
    }
}

fn about_kri(question: &Question, heard: &str, scene: &Scene) -> String {
    let names: Vec<String> = question
        .candidates
        .iter()
        .filter_map(|slug| kri::by_slug(slug, scene))
        .map(|kri| format!("“{}”", clipped(scene.kri_name(kri))))
        .collect();
    match names.as_slice() {
        [] => {
            format!("I know no KRI called “{heard}”. Which one do you mean? There are {}.", some_kris(scene))
        }
        [one] => format!("I know no KRI called “{heard}”. Do you mean {one}?"),
        several => {
            format!("There are several that “{heard}” could be: {}. Which one do you mean?", listed(several))
        }
    }
}
