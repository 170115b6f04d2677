//! Errors of relays: what the far side's refusal means, in words for whoever owns the workflow; nothing it said, no secret.

use std::time::Duration;

use draxis_commands::CommandError;
use draxis_domain::relay::Channel;

use super::trial::Trial;
use crate::egress::{EgressError, RequestError};
use crate::mail::{LetterError, MailError};

/// Why a relay could not do or answer what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// There is no such relay.
    #[error("no relay is set up for {channel}: set it up, then retry")]
    NotSetUp {
        /// Which.
        channel: Channel,
    },
    /// What is set up cannot be used.
    #[error("the relay cannot be used as it is set up: {detail}")]
    Settings {
        /// What to change.
        detail: String,
    },
    /// What is to be sent cannot be.
    #[error("{detail}")]
    Content {
        /// What to change in the workflow.
        detail: String,
    },
    /// The far side asks to wait.
    #[error("the far side wants us to come back later: it is tried again then")]
    Busy {
        /// How long, if it says.
        retry_after: Option<Duration>,
    },
    /// 401, or the like in its own way.
    #[error("the far side does not accept the credentials: enter them again in the relay's settings")]
    Credentials,
    /// 403, or the like in its own way.
    #[error("the far side accepts the credentials, but not for this: give them the rights")]
    Permission,
    /// 404 and 410.
    #[error("the far side has nothing at this address: check the relay's address and what the step names")]
    NotFound,
    /// Another refusal.
    #[error("the far side refuses it (status {status}): {advice}")]
    Refused {
        /// The status.
        status: u16,
        /// What to look at.
        advice: String,
    },
    /// The far side failed to answer a question.
    #[error("the far side failed (status {status}): try again later")]
    Failed {
        /// The status.
        status: u16,
    },
    /// An answer that is none of this system's.
    #[error("the answer cannot be read as one of {channel}'s: check the relay's address")]
    Unreadable {
        /// Whose it should be.
        channel: Channel,
    },
    /// Only tickets have a status.
    #[error("what goes through {channel} has no status: wait for a ticket instead")]
    NoStatus {
        /// Which.
        channel: Channel,
    },
    /// The request did not reach anybody, or a question got no answer.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The letter was not taken.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The relay's settings could not be read.
    #[error("the relay's settings could not be read: try again")]
    Ours {
        /// What failed.
        #[source]
        source: CommandError,
    },
}

impl RelayError {
    /// A stable code for events and answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSetUp { .. } => "relay.not_set_up",
            Self::Settings { .. } => "relay.settings",
            Self::Content { .. } => "relay.content",
            Self::Busy { .. } => "relay.busy",
            Self::Credentials => "relay.credentials",
            Self::Permission => "relay.permission",
            Self::NotFound => "relay.not_found",
            Self::Refused { .. } => "relay.refused",
            Self::Failed { .. } => "relay.failed",
            Self::Unreadable { .. } => "relay.unreadable",
            Self::NoStatus { .. } => "relay.no_status",
            Self::Egress(error) => error.code(),
            Self::Mail(error) => error.code(),
            Self::Ours { .. } => "relay.ours",
        }
    }

    /// Whether the same may go well later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self {
            Self::NotSetUp { .. }
            | Self::Settings { .. }
            | Self::Content { .. }
            | Self::Credentials
            | Self::Permission
            | Self::NotFound
            | Self::Refused { .. }
            | Self::Unreadable { .. }
            | Self::NoStatus { .. }
            | Self::Egress(EgressError::Request(_) | EgressError::Redirected { .. })
            | Self::Mail(MailError::Letter(_) | MailError::Login { .. } | MailError::Rejected { .. }) => {
                false
            }
            Self::Busy { .. }
            | Self::Failed { .. }
            | Self::Egress(
                EgressError::Refused(_)
                | EgressError::Name { .. }
                | EgressError::Connect { .. }
                | EgressError::Tls { .. }
                | EgressError::Timeout { .. }
                | EgressError::Lost { .. }
                | EgressError::TooLarge { .. },
            )
            | Self::Mail(
                MailError::Refused(_)
                | MailError::Name { .. }
                | MailError::Connect
                | MailError::Tls { .. }
                | MailError::NoStartTls
                | MailError::Deferred { .. }
                | MailError::Timeout { .. }
                | MailError::Interrupted
                | MailError::Lost,
            )
            | Self::Ours { .. } => true,
        }
    }

    /// How long the far side asks to wait.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after } => *retry_after,
            Self::NotSetUp { .. }
            | Self::Settings { .. }
            | Self::Content { .. }
            | Self::Credentials
            | Self::Permission
            | Self::NotFound
            | Self::Refused { .. }
            | Self::Failed { .. }
            | Self::Unreadable { .. }
            | Self::NoStatus { .. }
            | Self::Egress(_)
            | Self::Mail(_)
            | Self::Ours { .. } => None,
        }
    }

    /// What a step says that no far side would take.
    pub(super) fn content(detail: impl Into<String>) -> Self {
        Self::Content { detail: detail.into() }
    }
}

/// Before anything is sent a trial ends over settings alone: an address or a credential that is none.
impl From<Trial> for RelayError {
    fn from(trial: Trial) -> Self {
        Self::Settings { detail: trial.detail }
    }
}

impl From<RequestError> for RelayError {
    fn from(error: RequestError) -> Self {
        Self::Egress(EgressError::Request(error))
    }
}

impl From<LetterError> for RelayError {
    fn from(error: LetterError) -> Self {
        Self::Mail(MailError::Letter(error))
    }
}
