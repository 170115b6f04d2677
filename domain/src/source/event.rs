//! What happened to a source.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::source::{Delivery, RunFailure, RunSummary, RunTrigger, SourceBody};
use crate::{Name, PushTokenId, RunId, SecretId, SourceId};

events! {
    /// What happened to a source.
    pub enum SourceEvent {
        /// It was connected.
        Connected(SourceConnected) = "source.connected" v 1,
        /// What it is was replaced.
        Edited(SourceEdited) = "source.edited" v 1,
        /// Its schedule was stopped.
        Paused(SourcePaused) = "source.paused" v 1,
        /// Its schedule goes on.
        Resumed(SourceResumed) = "source.resumed" v 1,
        /// It was taken out of use.
        Archived(SourceArchived) = "source.archived" v 1,
        /// A run began.
        RunStarted(RunStarted) = "source.run_started" v 1,
        /// A run ended with values.
        RunCompleted(RunCompleted) = "source.run_completed" v 1,
        /// A run ended without.
        RunFailed(RunFailed) = "source.run_failed" v 1,
        /// Values came to it by themselves.
        ValuesReceived(ValuesReceived) = "source.values_received" v 1,
        /// Somebody may push to it from now on.
        PushTokenMinted(PushTokenMinted) = "source.push_token_minted" v 1,
        /// Somebody may not any more.
        PushTokenRevoked(PushTokenRevoked) = "source.push_token_revoked" v 1,
    }
}

/// It was connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceConnected {
    /// Its id.
    pub id: SourceId,
    /// What it is.
    #[serde(flatten)]
    pub body: SourceBody,
    /// Where its credentials and extra config lie sealed in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
}

/// What it is was replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceEdited {
    /// The version this edit made.
    pub version: u64,
    /// What it is from now on.
    #[serde(flatten)]
    pub body: SourceBody,
    /// Where its credentials and extra config lie sealed from now on, where they were replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<SecretId>,
}

/// Its schedule was stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourcePaused {}

/// Its schedule goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceResumed {}

/// It was taken out of use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceArchived {}

/// A run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunStarted {
    /// The run.
    pub run_id: RunId,
    /// What set it off.
    pub trigger: RunTrigger,
    /// When it began.
    pub started_at: DateTime<Utc>,
}

/// A run ended with values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunCompleted {
    /// The run.
    pub run_id: RunId,
    /// What it saw.
    pub summary: RunSummary,
}

/// A run ended without.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunFailed {
    /// The run.
    pub run_id: RunId,
    /// How.
    pub failure: RunFailure,
}

/// Values came to it by themselves: pushed, or in a file. The values stand in their KRIs' own events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValuesReceived {
    /// When they came.
    pub received_at: DateTime<Utc>,
    /// What came and what became of it.
    #[serde(flatten)]
    pub delivery: Delivery,
}

/// Somebody may push to it from now on. The token itself is shown once and never stands here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushTokenMinted {
    /// The token's id.
    pub id: PushTokenId,
    /// What people call it.
    pub name: Name,
    /// When it was made.
    pub minted_at: DateTime<Utc>,
    /// Until when it works, unless it works until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// Somebody may not push to it any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushTokenRevoked {
    /// The token's id.
    pub id: PushTokenId,
}
