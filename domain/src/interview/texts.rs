//! Texts that are written where nobody wrote any: subjects, titles, questions, and the workflow's name.

use serde_json::{Map, Value, json};

use crate::interview::{Draft, DraftStep};

/// Writes the texts that a step cannot be without.
pub(super) fn fill_in(step: &mut Map<String, Value>, draft: &Draft) {
    let kind = step.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (field, text) in usual(&kind, start(draft)) {
        if !step.contains_key(*field) {
            step.insert((*field).to_owned(), json!(text));
        }
    }
}

/// What a run of the draft starts on, as far as texts care.
fn start(draft: &Draft) -> Start {
    let kind = draft.trigger().and_then(|trigger| trigger.get("type"));
    if kind.is_some_and(|kind| kind == "kri_breach") { Start::Kri } else { Start::Other }
}

#[derive(Clone, Copy)]
enum Start {
    Kri,
    Other,
}

/// The texts of a kind of step: of a KRI where one set the run off, else of the run.
fn usual(kind: &str, start: Start) -> &'static [(&'static str, &'static str)] {
    match (kind, start) {
        ("notify_owner", Start::Kri) => &[
            ("subject", "{{ kri.name }} is {{ trigger.level }}"),
            (
                "body",
                "{{ kri.name }} is {{ trigger.level }}: {{ kri.value }} {{ kri.unit }} \
                 (warn {{ kri.warn }}, critical {{ kri.critical }}).\n\nThe run: {{ run.url }}",
            ),
        ],
        ("notify_owner", Start::Other) => &[
            ("subject", "{{ run.workflowName }}"),
            ("body", "{{ run.workflowName }} is running: {{ run.url }}"),
        ],
        ("create_ticket", Start::Kri) => &[
            ("summary", "{{ kri.name }} is {{ trigger.level }}"),
            (
                "description",
                "{{ kri.name }} is {{ trigger.level }}: {{ kri.value }} {{ kri.unit }} \
                 (warn {{ kri.warn }}, critical {{ kri.critical }}).\n\nThe run: {{ run.url }}",
            ),
        ],
        ("create_ticket", Start::Other) => {
            &[("summary", "{{ run.workflowName }}"), ("description", "Opened by the run {{ run.url }}")]
        }
        ("panel_query", Start::Kri) => &[(
            "question",
            "{{ kri.name }} is {{ trigger.level }} at {{ kri.value }} {{ kri.unit }}. What should we do?",
        )],
        ("panel_query", Start::Other) => {
            &[("question", "What are our most pressing risks now, and what should we do?")]
        }
        ("produce_document", Start::Kri) => &[
            ("title", "{{ kri.name }}: report"),
            (
                "body",
                "# {{ kri.name }}\n\nLevel: {{ trigger.level }}\n\nValue: {{ kri.value }} {{ kri.unit }}, \
                 warn {{ kri.warn }}, critical {{ kri.critical }}.",
            ),
        ],
        ("produce_document", Start::Other) => &[
            ("title", "{{ run.workflowName }}: report"),
            ("body", "# {{ run.workflowName }}\n\nWritten by the run {{ run.url }}."),
        ],
        ("post_slack", Start::Kri) => &[(
            "text",
            "{{ kri.name }} is {{ trigger.level }}: {{ kri.value }} {{ kri.unit }}. {{ run.url }}",
        )],
        ("post_slack", Start::Other) => &[("text", "{{ run.workflowName }} is running: {{ run.url }}")],
        ("await_approval", Start::Kri) => &[(
            "question",
            "{{ kri.name }} is {{ trigger.level }} at {{ kri.value }} {{ kri.unit }}. May this go on?",
        )],
        ("await_approval", Start::Other) => &[("question", "May {{ run.workflowName }} go on?")],
        _ => &[],
    }
}

/// What a workflow is called that nobody has named: its start and its steps.
pub(super) fn name_of(draft: &Draft) -> String {
    let start = match draft.trigger() {
        Some(trigger) => match trigger.get("type").and_then(Value::as_str) {
            Some("kri_breach") => {
                let word = |field: &str| {
                    trigger.get(field).and_then(Value::as_str).map(|word| word.replace('_', " "))
                };
                format!(
                    "{} {}",
                    word("kri").unwrap_or_else(|| "KRI".to_owned()),
                    word("level").unwrap_or_default()
                )
            }
            Some("schedule") => "On schedule".to_owned(),
            Some(_) | None => "By hand".to_owned(),
        },
        None => "Workflow".to_owned(),
    };
    let mut steps: Vec<&str> = Vec::new();
    for word in draft.steps().iter().map(word) {
        if !steps.contains(&word) {
            steps.push(word);
        }
    }
    let mut name: String = format!("{}: {}", start.trim(), steps.join(", ")).chars().take(200).collect();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// A step in a word or two.
fn word(step: &DraftStep) -> &'static str {
    match step.kind() {
        "notify_owner" => "email",
        "create_ticket" => "ticket",
        "panel_query" => "expert panel",
        "produce_document" => "document",
        "post_slack" => "Slack",
        "await_approval" => "approval",
        "emit_kri_event" => "KRI event",
        _ => "wait",
    }
}
