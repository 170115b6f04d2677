//! Patches: parts of triggers and steps as they become known, each field on its own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::kri::Level;
use crate::kri_event_definition::EventType;
use crate::workflow::{
    DocumentFormat, Escalation, Input, KriRef, Missed, OnActivate, OnTimeout, Overlap, Party, Retry, Span,
    Template, Then, WaitUntil,
};

/// Declares patches; each is a set of fields that may be left out, and reads nothing else.
macro_rules! patches {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>),*
        }
    )+};
}

patches! {
    /// Of a trigger by a KRI's breach.
    BreachPatch {
        /// The KRI's slug; one of the tenant's.
        kri: KriRef,
        /// The level that counts.
        level: Level,
        /// Whether a breach that is open at activation counts.
        on_activate: OnActivate,
    }
    /// Of a schedule.
    SchedulePatch {
        /// Minute and hour as in cron, where the days are not known yet.
        clock: String,
        /// Day of month, month and day of week as in cron, where the time is not known yet.
        days: String,
        /// All five fields.
        cron: String,
        /// An IANA zone.
        time_zone: String,
        /// What becomes of times that passed unserved.
        missed: Missed,
        /// What becomes of a due time while a run is under way.
        overlap: Overlap,
    }
    /// Of a start by hand.
    ManualPatch {
        /// What the person who starts it is asked.
        inputs: Vec<Input>,
    }
    /// What every step may have.
    FramePatch {
        /// What people call the step.
        name: String,
        /// A condition in CEL.
        when: String,
        /// How a failed attempt is repeated.
        retry: Retry,
        /// How long it may take in all.
        timeout: Span,
        /// What happens when it has failed.
        on_failure: Then,
    }
    /// Of an email.
    NotifyPatch {
        /// Who is told; an empty list means the workflow's owners.
        to: Vec<Party>,
        /// The subject line.
        subject: Template,
        /// The text.
        body: Template,
    }
    /// Of a ticket.
    TicketPatch {
        /// Where.
        destination: DestinationPatch,
        /// Its title.
        summary: Template,
        /// Its text.
        description: Template,
    }
    /// Of a place in Jira.
    JiraPatch {
        /// The project's key, as the person said it.
        project: String,
        /// The issue type's name.
        issue_type: String,
        /// Labels.
        labels: Vec<String>,
        /// The priority's name.
        priority: String,
    }
    /// Of a place in `ServiceNow`.
    ServiceNowPatch {
        /// The table's name.
        table: String,
        /// The group, as the person said it.
        assignment_group: String,
        /// 1 is high.
        urgency: String,
        /// 1 is high.
        impact: String,
    }
    /// Of a question to the expert panel.
    PanelPatch {
        /// What it is asked.
        question: Template,
    }
    /// Of a document.
    DocumentPatch {
        /// Its title.
        title: Template,
        /// Its text in Markdown.
        body: Template,
        /// What it is kept as.
        formats: Vec<DocumentFormat>,
    }
    /// Of a post to Slack.
    SlackPatch {
        /// A channel's name or id, as the person said it.
        channel: String,
        /// The message.
        text: Template,
    }
    /// Of an approval.
    ApprovalPatch {
        /// What is to be decided.
        question: Template,
        /// Who may decide.
        approvers: Vec<Party>,
        /// How many must approve.
        required: u32,
        /// Whether one rejection decides.
        veto: bool,
        /// By when, counted from the question.
        due: Span,
        /// When those who have not answered are reminded.
        reminders: Vec<Span>,
        /// Who else is asked when nobody has decided for a while.
        escalation: Escalation,
        /// What is taken as decided when it is due.
        on_timeout: OnTimeout,
        /// What happens next where it was rejected.
        on_rejected: Then,
        /// Whether the person who started the run may decide too.
        requester_may_approve: bool,
    }
    /// Of a KRI event.
    EventPatch {
        /// Which; one that the tenant has declared.
        event_type: EventType,
        /// What is noted beside it.
        note: Template,
    }
    /// Of a wait.
    WaitPatch {
        /// Until when.
        until: WaitUntil,
    }
}

/// What is known of a trigger. Another kind than before replaces it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TriggerPatch {
    /// A KRI's breach.
    KriBreach(BreachPatch),
    /// A schedule.
    Schedule(SchedulePatch),
    /// A start by hand.
    Manual(ManualPatch),
}

/// What is known of a ticket's place. Another system than before replaces it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "system", rename_all = "lowercase")]
pub enum DestinationPatch {
    /// Jira.
    Jira(JiraPatch),
    /// `ServiceNow`.
    ServiceNow(ServiceNowPatch),
}

/// What is known of a step. Another kind than before replaces it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StepPatch {
    /// An email.
    NotifyOwner(NotifyPatch),
    /// A ticket.
    CreateTicket(TicketPatch),
    /// A question to the expert panel.
    PanelQuery(PanelPatch),
    /// A document.
    ProduceDocument(DocumentPatch),
    /// A post to Slack.
    PostSlack(SlackPatch),
    /// An approval.
    AwaitApproval(ApprovalPatch),
    /// A KRI event.
    EmitKriEvent(EventPatch),
    /// A wait.
    Wait(WaitPatch),
}

impl StepPatch {
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

    /// What a step of this kind is called for machines, where nobody calls it anything.
    pub const fn usual_id(&self) -> &'static str {
        match self {
            Self::NotifyOwner(_) => "notify",
            Self::CreateTicket(_) => "ticket",
            Self::PanelQuery(_) => "panel",
            Self::ProduceDocument(_) => "document",
            Self::PostSlack(_) => "slack",
            Self::AwaitApproval(_) => "approval",
            Self::EmitKriEvent(_) => "event",
            Self::Wait(_) => "wait",
        }
    }
}

/// The fields that a patch sets.
pub(super) fn fields<T: Serialize>(patch: &T) -> Map<String, Value> {
    // Plain data under text keys has no way to fail.
    match serde_json::to_value(patch) {
        Ok(Value::Object(map)) => map,
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | Err(_) => {
            Map::new()
        }
    }
}
