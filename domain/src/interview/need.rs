//! Needs: what is missing from a draft, in the order in which it is asked. None of it is ever assumed.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::interview::question::Offer;
use crate::interview::{Draft, DraftStep, Question, Scene, Topic};
use crate::kri_event_definition::EventType;
use crate::workflow::{Problem, StepId, validate};

/// One thing that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Need {
    /// Where in the definition (RFC 6901).
    pub pointer: String,
    /// What about.
    pub topic: Topic,
    /// Which step, where it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// What is missing, in words.
    pub what: &'static str,
}

/// What each topic is in words.
const fn what(topic: Topic) -> &'static str {
    match topic {
        Topic::Trigger => "what starts it: a KRI's breach, a schedule, or a person",
        Topic::Kri => "which KRI it watches",
        Topic::Level => "at which level it starts: amber or red",
        Topic::OpenBreach => "whether a breach that is already open counts",
        Topic::Time => "at what time and on which days it runs",
        Topic::TimeZone => "the time zone",
        Topic::Steps => "what it does",
        Topic::Recipients => "who is emailed",
        Topic::TicketSystem => "where the ticket is opened: Jira or ServiceNow",
        Topic::Project => "the Jira project",
        Topic::Channel => "the Slack channel",
        Topic::Approvers => "who approves",
        Topic::Due => "by when they must decide",
        Topic::OnTimeout => "what counts when nobody decides in time: rejected, approved, or failed",
        Topic::KriEvent => "which KRI event is emitted",
        Topic::Wait => "how long it waits",
        Topic::Owners => "who owns the workflow",
    }
}

/// Everything that is missing.
pub(super) fn needs(draft: &Draft) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut need = |pointer: String, topic, step: Option<&StepId>| {
        needs.push(Need { pointer, topic, step: step.cloned(), what: what(topic) });
    };
    match draft.trigger() {
        None => need("/trigger".to_owned(), Topic::Trigger, None),
        Some(trigger) => {
            for (field, topic) in of_trigger(trigger) {
                if !trigger.contains_key(*field) {
                    need(format!("/trigger/{field}"), *topic, None);
                }
            }
        }
    }
    if draft.steps().is_empty() {
        need("/steps".to_owned(), Topic::Steps, None);
    }
    for (index, step) in draft.steps().iter().enumerate() {
        for (field, topic) in of_step(step) {
            need(format!("/steps/{index}/{field}"), topic, Some(&step.id));
        }
    }
    if draft.owners().is_empty() {
        need("/owners".to_owned(), Topic::Owners, None);
    }
    needs
}

fn of_trigger(trigger: &Map<String, Value>) -> &'static [(&'static str, Topic)] {
    match trigger.get("type").and_then(Value::as_str) {
        Some("kri_breach") => {
            &[("kri", Topic::Kri), ("level", Topic::Level), ("onActivate", Topic::OpenBreach)]
        }
        Some("schedule") => &[("cron", Topic::Time), ("timeZone", Topic::TimeZone)],
        Some(_) | None => &[],
    }
}

fn of_step(step: &DraftStep) -> Vec<(&'static str, Topic)> {
    let asked: &[(&'static str, Topic)] = match step.kind() {
        "notify_owner" => &[("to", Topic::Recipients)],
        "create_ticket" => return of_ticket(step).into_iter().collect(),
        "post_slack" => &[("channel", Topic::Channel)],
        "await_approval" => {
            &[("approvers", Topic::Approvers), ("due", Topic::Due), ("onTimeout", Topic::OnTimeout)]
        }
        "emit_kri_event" => &[("eventType", Topic::KriEvent)],
        "wait" => &[("until", Topic::Wait)],
        _ => &[],
    };
    asked.iter().copied().filter(|(field, _)| !step.settled(field)).collect()
}

fn of_ticket(step: &DraftStep) -> Option<(&'static str, Topic)> {
    let destination = step.field("destination");
    match destination.and_then(|place| place.get("system")).and_then(Value::as_str) {
        None => Some(("destination", Topic::TicketSystem)),
        Some("jira") if destination.is_some_and(|place| place.get("project").is_none()) => {
            Some(("destination/project", Topic::Project))
        }
        Some(_) => None,
    }
}

/// What is wrong with what is there, whatever is missing: the missing is put in for the validator's eyes, and what it then
/// says of that is left out again.
pub(super) fn invalid(draft: &Draft, scene: &Scene, asked: Option<&Question>) -> Vec<Problem> {
    let needs = needs(draft);
    let mut probe = draft.assembled().value;
    for need in &needs {
        stand_in(&mut probe, need, scene);
    }
    if let Some(whole) = probe.as_object_mut().filter(|whole| !whole.contains_key("name")) {
        whole.insert("name".to_owned(), json!("Draft"));
    }
    let problems = validate(&probe, &scene.tenant).err().unwrap_or_default();
    let mut problems: Vec<Problem> =
        problems.into_iter().filter(|problem| !needs.iter().any(|need| need.explains(problem))).collect();
    problems.extend(asked.and_then(|asked| unknown(asked, &needs)));
    problems
}

impl Need {
    /// Whether a problem comes of what was put in here.
    fn explains(&self, problem: &Problem) -> bool {
        let below = problem.pointer.strip_prefix(self.pointer.as_str());
        let within = below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let through_it = self.topic == Topic::TicketSystem
            && problem.code == "relay.missing"
            && self.pointer.strip_suffix("destination").is_some_and(|step| problem.pointer.starts_with(step));
        let of_the_guess = self.topic == Topic::Kri && problem.code.starts_with("kri_owner.");
        let of_any_kind = self.topic == Topic::Trigger
            && (problem.code == "kri_owner.no_kri" || problem.code.starts_with("template."));
        let few = self.topic == Topic::Approvers && problem.code.starts_with("approval.too_few");
        within || through_it || of_the_guess || of_any_kind || few
    }
}

fn stand_in(probe: &mut Value, need: &Need, scene: &Scene) {
    let value = match need.topic {
        Topic::Trigger => json!({ "type": "manual" }),
        Topic::Kri => scene.tenant.kris.first().map_or(json!("kri"), |kri| json!(kri.slug)),
        Topic::Level => json!("red"),
        Topic::OpenBreach => json!("next_breach"),
        Topic::Time => json!("0 9 * * *"),
        Topic::TimeZone => json!("UTC"),
        Topic::Steps => json!([{ "id": "wait", "type": "wait", "until": { "duration": "PT1H" } }]),
        Topic::Recipients | Topic::Approvers | Topic::Owners => json!([{ "role": "tenant_admin" }]),
        Topic::TicketSystem => json!({ "system": "jira", "project": "AAA" }),
        Topic::Project => json!("AAA"),
        Topic::Channel => json!("#a"),
        Topic::Due => json!("P366D"),
        Topic::OnTimeout => json!("reject"),
        Topic::KriEvent => {
            json!(scene.tenant.kri_events.keys().next().map_or("none", EventType::as_str))
        }
        Topic::Wait => json!({ "duration": "PT1H" }),
    };
    let Some((parent, key)) = need.pointer.rsplit_once('/') else { return };
    if let Some(parent) = probe.pointer_mut(parent).and_then(Value::as_object_mut) {
        parent.insert(key.to_owned(), value);
    }
}

/// What was named and does not exist is wrong as long as nothing better stands in its place.
fn unknown(asked: &Question, needs: &[Need]) -> Option<Problem> {
    let heard = asked.heard.as_ref()?;
    let need = needs.iter().find(|need| need.topic == asked.topic && need.step == asked.step)?;
    let (code, noun, next) = match asked.topic.offers()? {
        Offer::Kri => ("kri.unknown", "KRI", "Name one of the tenant's KRIs, or define it first."),
        Offer::KriEvent => (
            "kri_event.undeclared",
            "KRI event",
            "Declare it with PUT /api/workflow-kri-definitions/<id>, or name another.",
        ),
        Offer::Account => {
            ("account.unknown", "person", "Name a member of the tenant, or invite the person first.")
        }
    };
    let message = if asked.candidates.is_empty() {
        format!("there is no {noun} “{heard}”")
    } else {
        format!("there is no {noun} called “{heard}”; which one is meant is not settled")
    };
    Some(Problem {
        code,
        pointer: need.pointer.clone(),
        message,
        allowed: asked.candidates.iter().take(50).cloned().collect(),
        next: next.to_owned(),
    })
}
