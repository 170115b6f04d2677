//! Why a command was not carried out, told apart by what the caller can do about it.

use cqrs_es::AggregateError;
use draxis_domain::Rejection;
use draxis_domain::workflow::Problem;
use draxis_event_store::{AppendError, is_out_of_reach};

use crate::Permission;
use crate::identity::Challenge;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule refused it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A definition does not fit the schema or the tenant.
    #[error("{} thing(s) are wrong with the definition", problems.len())]
    Misfits {
        /// Stable, such as `definition.invalid`.
        code: &'static str,
        /// Each of them, with pointers into the command's body.
        problems: Vec<Problem>,
    },
    /// The caller's role does not include it.
    #[error("this takes the permission to {}; ask an administrator for it", permission.words())]
    Forbidden {
        /// What is missing.
        permission: Permission,
    },
    /// The caller has no tenant.
    #[error("take a token for one tenant first: POST /api/auth/tenant")]
    NoTenant,
    /// The credentials are wrong, or there is no such account: the two cannot be told apart.
    #[error("the email or the password is wrong")]
    WrongCredentials,
    /// The password is right, and a second factor is to be shown.
    #[error("send the code of the second factor with the challenge to POST /api/auth/mfa/verify")]
    SecondFactor(Challenge),
    /// The code of the second factor is wrong, too old or used: the three cannot be told apart.
    #[error("the code is wrong, has expired or was used already; wait for the next one")]
    WrongCode,
    /// Too many wrong codes in a row, from wherever they came.
    #[error("too many wrong codes were tried; wait a quarter of an hour")]
    TooManyCodes,
    /// A second factor is required of them, and they have none.
    #[error("a second factor is required of you: enroll one at POST /api/auth/mfa/enroll")]
    EnrollFirst,
    /// A second factor is required here, and this session began without.
    #[error("a second factor is required here: sign in again and show it")]
    NeedsSecondFactor,
    /// An API token asked for what only a person does.
    #[error("only a person who has signed in can do this; an API token cannot")]
    NotAPerson,
    /// The token or cookie is not valid, or no longer.
    #[error("the session is not valid any more; sign in again")]
    NoSession,
    /// The link or token does not work, whatever the reason.
    #[error("this link has been used, has expired, was revoked or never existed; ask for another one")]
    Gone,
    /// The key was used for another request.
    #[error("the Idempotency-Key was used for another request; send a new key")]
    KeyReused,
    /// The same key is being worked on.
    #[error("a request with this Idempotency-Key is under way; wait for its answer")]
    InFlight,
    /// Too much is waiting.
    #[error("more commands are waiting than can be taken; try again in a second")]
    Overloaded,
    /// Others kept winning the race for the same thing.
    #[error("others keep changing the same thing; try again")]
    Contended,
    /// Whether it holds is not known.
    #[error("the database went away during the commit; repeat the request with the same Idempotency-Key")]
    Unknown,
    /// Our own fault; logged where it happened, opaque outside.
    #[error("the command could not be carried out")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl CommandError {
    /// A failure of ours, whatever it was.
    pub fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl From<sqlx::Error> for CommandError {
    fn from(error: sqlx::Error) -> Self {
        if is_out_of_reach(&error) {
            tracing::warn!(error = %error, "the database did not answer in time");
            return Self::Overloaded;
        }
        Self::failed(error)
    }
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict | AppendError::Overtaken => Self::Contended,
            AppendError::KeyReused => Self::KeyReused,
            AppendError::InFlight => Self::InFlight,
            AppendError::Taken(kind) => Self::Rejected(Rejection::Taken { kind }),
            AppendError::Overloaded => Self::Overloaded,
            AppendError::Unknown => Self::Unknown,
            AppendError::Refused => Self::failed(error),
        }
    }
}

impl From<AggregateError<Rejection>> for CommandError {
    fn from(error: AggregateError<Rejection>) -> Self {
        match error {
            AggregateError::UserError(rejection) => Self::Rejected(rejection),
            AggregateError::AggregateConflict => Self::Contended,
            AggregateError::DatabaseConnectionError(error) => match error.downcast::<sqlx::Error>() {
                Ok(error) => Self::from(*error),
                Err(error) => Self::Failed(error),
            },
            AggregateError::UnexpectedError(error) => match error.downcast::<AppendError>() {
                Ok(error) => Self::from(*error),
                // postgres-es calls whatever is not a broken wire unexpected.
                Err(error) => match error.downcast::<sqlx::Error>() {
                    Ok(error) => Self::from(*error),
                    Err(error) => Self::Failed(error),
                },
            },
            AggregateError::DeserializationError(error) => Self::Failed(error),
        }
    }
}
