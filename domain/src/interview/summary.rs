//! The summary to confirm: written by code from the draft, naming what leaves the company and to whom.

use serde_json::Value;

use crate::interview::{Draft, DraftStep, Scene};
use crate::workflow::{Input, KriRef, Party, Span};

/// What a draft says, in words. People are named by marks.
pub(super) fn of(draft: &Draft, scene: &Scene) -> String {
    let mut lines = Vec::new();
    let assembled = draft.assembled().value;
    if let Some(name) = assembled.get("name").and_then(Value::as_str) {
        lines.push(format!("“{name}”"));
    }
    if let Some(trigger) = assembled.get("trigger") {
        lines.push(format!("Starts {}.", start(trigger, scene)));
    }
    let steps = assembled.get("steps").and_then(Value::as_array).cloned().unwrap_or_default();
    for (n, (step, value)) in draft.steps().iter().zip(&steps).enumerate() {
        lines.push(format!("{}. {}.", n.saturating_add(1), sentence(step, value)));
    }
    if !draft.owners().is_empty() {
        lines.push(format!("Owned by {}, who are told when a run fails.", people(&draft.owners())));
    }
    if !draft.steps().is_empty() {
        lines.push(leaving(draft));
    }
    lines.join("\n")
}

/// What starts it.
pub(super) fn start(trigger: &Value, scene: &Scene) -> String {
    let word = |field: &str| trigger.get(field).and_then(Value::as_str).unwrap_or_default();
    match word("type") {
        "kri_breach" => {
            let level = match word("level") {
                "amber" => "amber or worse",
                "red" => "red",
                _ => "a level that is still open",
            };
            let open = match word("onActivate") {
                "open_breach" => ", also for a breach that is open when the workflow is activated",
                "next_breach" => ", from the next breach on",
                _ => "",
            };
            format!("when {} goes {level}{open}", kri_called(word("kri"), scene))
        }
        "schedule" => {
            let cron = word("cron");
            let pattern = if cron.is_empty() {
                "at a time that is still open".to_owned()
            } else {
                super::rules::clock::in_words(cron)
            };
            let zone =
                if word("timeZone").is_empty() { "a time zone that is still open" } else { word("timeZone") };
            let missed = match trigger.get("missed") {
                Some(Value::String(missed)) if missed == "none" => "; missed times are let go",
                Some(Value::Object(_)) => "; missed times are run afterwards",
                _ => "",
            };
            format!("{pattern} ({zone}){missed}")
        }
        _ => {
            let inputs: Vec<Input> = trigger
                .get("inputs")
                .and_then(|inputs| serde_json::from_value(inputs.clone()).ok())
                .unwrap_or_default();
            let names: Vec<_> = inputs.iter().map(|input| input.name.as_str()).collect();
            if names.is_empty() {
                "when somebody presses the button".to_owned()
            } else {
                format!("when somebody presses the button and fills in {}", listed(&names))
            }
        }
    }
}

/// A KRI's name in quotes: it is data, whatever it says.
pub(super) fn kri_called(slug: &str, scene: &Scene) -> String {
    let named = KriRef::try_from(slug.to_owned()).ok();
    named.and_then(|named| scene.tenant.kri(&named)).map_or_else(
        || "a KRI that is still open".to_owned(),
        |kri| format!("“{}”", clipped(scene.kri_name(kri))),
    )
}

/// A name as it may stand in a sentence: one line, not long.
pub(super) fn clipped(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    // No mark of ours can be forged by what somebody named a KRI.
    line.replace("<@", "< @")
}

fn sentence(step: &DraftStep, whole: &Value) -> String {
    let text = |field: &str| whole.get(field).and_then(Value::as_str).map(clipped_text).unwrap_or_default();
    let mut sentence = match step.kind() {
        "notify_owner" => format!("Emails {}: “{}”", recipients(step), text("subject")),
        "create_ticket" => format!("Opens a ticket in {}: “{}”", place(step), text("summary")),
        "panel_query" => format!("Asks the expert panel: “{}”", text("question")),
        "produce_document" => format!("Produces a document: “{}”", text("title")),
        "post_slack" => format!("Posts to Slack in {}: “{}”", channel(step), text("text")),
        "await_approval" => approval(step),
        "emit_kri_event" => {
            let event = step.field("eventType").and_then(Value::as_str).unwrap_or("that is still open");
            format!("Emits the KRI event {event}")
        }
        _ => waiting(step),
    };
    if let Some(when) = step.field("when").and_then(Value::as_str) {
        sentence = format!("{sentence} — only if {}", clipped_text(when));
    }
    match step.field("onFailure").and_then(Value::as_str) {
        Some("continue") => format!("{sentence}; goes on if that fails"),
        Some(_) | None => sentence,
    }
}

fn clipped_text(text: &str) -> String {
    let short: String = text.chars().take(160).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn parties(value: Option<&Value>) -> Vec<Party> {
    value.and_then(|list| serde_json::from_value(list.clone()).ok()).unwrap_or_default()
}

fn recipients(step: &DraftStep) -> String {
    let to = parties(step.field("to"));
    match (to.is_empty(), step.settled("to")) {
        (false, _) => people(&to),
        (true, true) => "the workflow's owners".to_owned(),
        (true, false) => "somebody who is still open".to_owned(),
    }
}

fn place(step: &DraftStep) -> String {
    let word = |field: &str| {
        step.field("destination")
            .and_then(|place| place.get(field))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    match word("system").as_deref() {
        Some("jira") => {
            let project = word("project").unwrap_or_else(|| "that is still open".to_owned());
            let kind = word("issueType").map(|kind| format!(", as {kind}")).unwrap_or_default();
            let priority = word("priority").map(|level| format!(", priority {level}")).unwrap_or_default();
            format!("Jira, project {project}{kind}{priority}")
        }
        Some(_) => {
            let group = word("assignmentGroup").map(|group| format!(", group {group}")).unwrap_or_default();
            format!("ServiceNow{group}")
        }
        None => "a system that is still open".to_owned(),
    }
}

fn channel(step: &DraftStep) -> String {
    step.field("channel").and_then(Value::as_str).unwrap_or("a channel that is still open").to_owned()
}

fn approval(step: &DraftStep) -> String {
    let approvers = parties(step.field("approvers"));
    let who = if approvers.is_empty() { "somebody who is still open".to_owned() } else { people(&approvers) };
    let many = match step.field("required").and_then(Value::as_u64) {
        Some(required) if required > 1 => format!("{required} of {who}"),
        Some(_) | None if approvers.len() > 1 => format!("one of {who}"),
        Some(_) | None => who,
    };
    let span = |value: &Value| value.as_str().and_then(|text| text.parse::<Span>().ok()).map(in_words);
    let due = step.field("due").and_then(span).map_or(String::new(), |due| format!(" within {due}"));
    let reminders: Vec<String> =
        step.field("reminders").and_then(Value::as_array).into_iter().flatten().filter_map(span).collect();
    let reminders =
        if reminders.is_empty() { String::new() } else { format!(", reminded after {}", listed(&reminders)) };
    let escalation = step.field("escalation").map_or(String::new(), |escalation| {
        let after = escalation.get("after").and_then(span).unwrap_or_default();
        format!(", after {after} also {}", people(&parties(escalation.get("to"))))
    });
    let then = match step.field("onTimeout").and_then(Value::as_str) {
        Some("reject") => "; no answer in time counts as rejected",
        Some("approve") => "; no answer in time counts as approved",
        Some("fail") => "; no answer in time fails the run",
        Some(_) | None => "",
    };
    let asked_in = step.field("slackChannel").and_then(Value::as_str);
    let asked_in = asked_in.map_or(String::new(), |channel| format!(", also asked in {channel} in Slack"));
    format!("Waits for approval by {many}{due}{reminders}{escalation}{asked_in}{then}")
}

fn waiting(step: &DraftStep) -> String {
    let until = step.field("until");
    let text = |field: &str| until.and_then(|until| until.get(field)).and_then(Value::as_str);
    if let Some(span) = text("duration").and_then(|text| text.parse::<Span>().ok()) {
        return format!("Waits {}", in_words(span));
    }
    match (text("ticket"), text("time")) {
        (Some(ticket), _) => {
            let statuses = until.and_then(|until| until.get("statuses")).and_then(Value::as_array);
            let statuses: Vec<&str> = statuses.into_iter().flatten().filter_map(Value::as_str).collect();
            format!("Waits until the ticket of step {ticket} is {}", statuses.join(" or "))
        }
        (None, Some(time)) => format!("Waits until {}", clipped_text(time)),
        (None, None) => "Waits for a time that is still open".to_owned(),
    }
}

/// What goes outside, and to whom.
fn leaving(draft: &Draft) -> String {
    let out: Vec<String> = draft
        .steps()
        .iter()
        .filter_map(|step| match step.kind() {
            "notify_owner" => Some(format!("an email to {}", recipients(step))),
            "create_ticket" => Some(format!("a ticket to {}", place(step))),
            "post_slack" => Some(format!("a message to Slack {}", channel(step))),
            "await_approval" => {
                let approvers = parties(step.field("approvers"));
                (!approvers.is_empty())
                    .then(|| format!("the question for approval to {}", people(&approvers)))
            }
            _ => None,
        })
        .collect();
    if out.is_empty() {
        "Nothing leaves the company.".to_owned()
    } else {
        format!("What leaves the company: {}.", listed(&out))
    }
}

/// People in words, by marks.
pub(super) fn people(parties: &[Party]) -> String {
    use crate::account::Role;
    let one = |party: &Party| match party {
        Party::Account(id) => Scene::mention(*id),
        Party::Role(Role::TenantAdmin) => "the tenant admins".to_owned(),
        Party::Role(Role::TenantUser) => "the tenant users".to_owned(),
        Party::Role(Role::Auditor) => "the auditors".to_owned(),
        Party::Role(Role::MasterAdmin) => "the master admins".to_owned(),
        Party::Role(Role::Superadmin) => "the superadmins".to_owned(),
        Party::KriOwner(_) => "the KRI's owner".to_owned(),
    };
    listed(&parties.iter().map(one).collect::<Vec<_>>())
}

/// A list in words.
pub(super) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// A span in words.
pub(super) fn in_words(span: Span) -> String {
    let seconds = span.seconds();
    for (size, word) in [(604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")] {
        if seconds >= size && seconds.is_multiple_of(size) {
            let count = seconds / size;
            let plural = if count == 1 { "" } else { "s" };
            return format!("{count} {word}{plural}");
        }
    }
    span.to_string()
}
