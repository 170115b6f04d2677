//! Shapes: what answers look like that are written piece by piece, for the description alone. No value of them is ever made; a
//! test holds every answer against them.

#![expect(dead_code, reason = "only their schemas are ever asked for")]

use chrono::{DateTime, Utc};
use draxis_commands::workflow::Warning;
use draxis_domain::relay::Channel;
use draxis_domain::source::SkippedSlug;
use draxis_domain::workflow::Standing;
use draxis_domain::workflow_run::RunStanding;
use draxis_domain::{ApiTokenId, PreviewId, PushTokenId, RunId, WorkflowId, WorkflowRunId};
use schemars::JsonSchema;
use serde_json::{Map, Value};

/// Whether something works.
#[derive(JsonSchema)]
pub(crate) struct Health {
    /// In a word.
    status: String,
}

/// Whether the first administrator is still to register.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NeedsSetup {
    /// Whether nobody has registered.
    needs_setup: bool,
}

/// A list that is given whole.
#[derive(JsonSchema)]
pub(crate) struct Items<T> {
    /// All of them.
    items: Vec<T>,
}

/// A page of a list.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Listed<T> {
    /// This page's.
    items: Vec<T>,
    /// Where the next page begins; none where this is the last.
    next_cursor: Option<String>,
}

/// A document of no fixed shape.
pub(crate) type AnyObject = Map<String, Value>;

/// What a command did to a workflow.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WorkflowChanged {
    id: WorkflowId,
    version: u64,
    state: Standing,
    /// What to think about, such as a cycle.
    warnings: Vec<Warning>,
}

/// What a command did to a relay.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RelayChanged {
    channel: Channel,
    version: u64,
    configured: bool,
}

/// How two versions differ.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionsCompared {
    from: u64,
    to: u64,
    /// RFC 6902.
    patch: Vec<AnyObject>,
    /// In words.
    summary: Vec<String>,
}

/// A preview that was just minted: the one time that its token is seen.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewMinted {
    id: PreviewId,
    token: String,
    url: String,
    expires_at: DateTime<Utc>,
}

/// A push token that was just minted: the one time that it is seen.
#[derive(JsonSchema)]
pub(crate) struct PushTokenMinted {
    id: PushTokenId,
    token: String,
}

/// An API token that was just minted: the one time that it is seen.
#[derive(JsonSchema)]
pub(crate) struct ApiTokenShown {
    id: ApiTokenId,
    token: String,
}

/// A key that checkpoints are signed with.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedKey {
    /// In the form of signed notes, `name+hash+key`.
    verifier_key: String,
    /// From when on it signs.
    from: DateTime<Utc>,
    /// The note in which the key before it vouches for it; none for the first.
    rotation: Option<String>,
}

/// The newest signed statement of what a stream holds.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckpointShown {
    /// Which log.
    origin: String,
    /// How many events.
    size: u64,
    /// The root of their Merkle tree, base64.
    root: String,
    sealed_at: Option<String>,
    /// The signed note.
    note: String,
}

/// A run that ended within the time its caller was made to wait.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunEnded {
    run_id: RunId,
    rows_written: u64,
    rows_skipped: u64,
}

/// A run that goes on while its caller does something else.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunUnderWay {
    run_id: RunId,
    /// Where the run is to be looked for.
    look_at: String,
}

/// What a command left of a workflow's run.
#[derive(JsonSchema)]
pub(crate) struct RunChanged {
    id: WorkflowRunId,
    /// Where it stands; it is read as running or waiting while it is under way.
    state: RunStanding,
}

/// What became of values that were handed in.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivered {
    rows_written: u64,
    rows_skipped: u64,
    /// What was skipped and why.
    skipped: Vec<SkippedSlug>,
}
