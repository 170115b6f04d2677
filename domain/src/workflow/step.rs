//! Steps: what a run does, one after the other.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::workflow::approval::AwaitApproval;
use crate::workflow::{Party, Span, Template};

/// One step: what every step has, and what this kind of step does. On the wire one flat object.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// What every step has.
    #[serde(flatten)]
    pub frame: StepFrame,
    /// What this one does.
    #[serde(flatten)]
    pub action: Action,
}

/// What every step has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StepFrame {
    /// Its stable name for machines.
    pub id: StepId,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A condition in CEL; the step is skipped where it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How a failed attempt is repeated.
    #[serde(default)]
    pub retry: Retry,
    /// How long the step may take in all, with its attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// What happens when it has failed.
    #[serde(default)]
    pub on_failure: Then,
}

impl<'de> Deserialize<'de> for Step {
    /// Reads the flat object by hand: serde cannot refuse unknown fields in flattened parts by itself.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (frame, action): (Map<String, Value>, Map<String, Value>) = Map::deserialize(deserializer)?
            .into_iter()
            .partition(|(key, _)| Self::FRAME.contains(&key.as_str()));
        let frame = StepFrame::deserialize(Value::Object(frame)).map_err(D::Error::custom)?;
        let action = Action::deserialize(Value::Object(action)).map_err(D::Error::custom)?;
        Ok(Self { frame, action })
    }
}

impl Step {
    const FRAME: [&'static str; 6] = ["id", "name", "when", "retry", "timeout", "onFailure"];
}

/// A step's stable name: a-z, 0-9 and underscores, so that it can stand in a template and in a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepId(String);

text_schema!(StepId, "pattern": "^[a-z][a-z0-9_]{0,62}$");

/// A text that is no step id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 of a-z, 0-9 and underscores, beginning with a letter, such as open_ticket")]
pub struct StepIdError;

impl StepId {
    /// An id where any will do.
    pub(crate) fn any() -> Self {
        Self("step".to_owned())
    }

    /// Checks the form.
    pub fn parse(text: &str) -> Result<Self, StepIdError> {
        let formed = (1..=63).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if formed { Ok(Self(text.to_owned())) } else { Err(StepIdError) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StepId {
    type Error = StepIdError;

    fn try_from(text: String) -> Result<Self, StepIdError> {
        Self::parse(&text)
    }
}

impl From<StepId> for String {
    fn from(id: StepId) -> Self {
        id.0
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a failed attempt is repeated: after the delay, doubled each time up to the largest, with full jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Retry {
    /// How often it is tried in all.
    pub attempts: u32,
    /// Before the second attempt.
    pub delay: Span,
    /// Before any attempt, at most.
    pub max_delay: Span,
}

impl Default for Retry {
    fn default() -> Self {
        let span = |seconds| Span::try_from_seconds(seconds).unwrap_or(Span::MAX);
        Self { attempts: 3, delay: span(30), max_delay: span(3600) }
    }
}

/// What happens next where a step did not go well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Then {
    /// The run stops as failed.
    #[default]
    Stop,
    /// The next step is taken.
    Continue,
    /// A later step is taken.
    GoTo(StepId),
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Action {
    /// Sends an email.
    NotifyOwner(NotifyOwner),
    /// Opens a ticket.
    CreateTicket(CreateTicket),
    /// Asks the expert panel.
    PanelQuery(PanelQuery),
    /// Writes a document.
    ProduceDocument(ProduceDocument),
    /// Posts to Slack.
    PostSlack(PostSlack),
    /// Waits for people to decide.
    AwaitApproval(AwaitApproval),
    /// Emits a declared KRI event.
    EmitKriEvent(EmitKriEvent),
    /// Waits for a time or for a ticket.
    Wait(Wait),
}

impl Action {
    /// The word on the wire.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NotifyOwner(_) => "notify_owner",
            Self::CreateTicket(_) => "create_ticket",
            Self::PanelQuery(_) => "panel_query",
            Self::ProduceDocument(_) => "produce_document",
            Self::PostSlack(_) => "post_slack",
            Self::AwaitApproval(_) => "await_approval",
            Self::EmitKriEvent(_) => "emit_kri_event",
            Self::Wait(_) => "wait",
        }
    }
}

/// Sends an email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotifyOwner {
    /// Who is told; the workflow's owners where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Party>,
    /// The subject line.
    pub subject: Template,
    /// The text.
    pub body: Template,
}

/// Opens a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTicket {
    /// Where.
    pub destination: TicketDestination,
    /// Its title.
    pub summary: Template,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Template>,
}

/// Where a ticket is opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum TicketDestination {
    /// In Jira.
    Jira(JiraTicket),
    /// In `ServiceNow`.
    ServiceNow(ServiceNowTicket),
}

/// Where in Jira.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JiraTicket {
    /// The project's key.
    pub project: String,
    /// The issue type's name.
    #[serde(default = "task")]
    pub issue_type: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The priority's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
}

fn task() -> String {
    "Task".to_owned()
}

/// Where in `ServiceNow`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceNowTicket {
    /// The table's name.
    #[serde(default = "incident")]
    pub table: String,
    /// The group it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment_group: Option<String>,
    /// 1 is high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<String>,
    /// 1 is high.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<String>,
}

fn incident() -> String {
    "incident".to_owned()
}

/// Asks the expert panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PanelQuery {
    /// What it is asked.
    pub question: Template,
}

/// Writes a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProduceDocument {
    /// Its title.
    pub title: Template,
    /// Its text in Markdown.
    pub body: Template,
    /// What it is kept as.
    #[serde(default = "markdown")]
    pub formats: Vec<DocumentFormat>,
}

/// What a document is kept as.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum DocumentFormat {
    /// As written.
    Markdown,
    /// For a browser.
    Html,
    /// For printing.
    Pdf,
}

fn markdown() -> Vec<DocumentFormat> {
    vec![DocumentFormat::Markdown]
}

/// Posts to Slack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostSlack {
    /// A channel's name or id.
    pub channel: String,
    /// The message.
    pub text: Template,
}

/// Emits a declared KRI event, which is applied once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EmitKriEvent {
    /// Which.
    pub event_type: crate::kri_event_definition::EventType,
    /// What is noted beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Template>,
}

/// Waits for a time or for a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wait {
    /// Until when.
    pub until: WaitUntil,
}

/// What ends a wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged, rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum WaitUntil {
    /// So much time has passed.
    Duration {
        /// How much.
        duration: Span,
    },
    /// A time has come.
    Time {
        /// Which, RFC 3339.
        time: Template,
    },
    /// A ticket has one of the statuses.
    Ticket {
        /// The step that opened it.
        ticket: StepId,
        /// The statuses.
        statuses: Vec<String>,
    },
}
