//! Source: a connected system that KRI values are read from, and its runs (product.md section 2).

mod body;
mod delivery;
mod event;
mod push_token;
mod rule;
mod run;
mod slot;

pub use body::{BaseUrl, BaseUrlError, Schedule, SourceBody, SourceType, Vendor};
pub use delivery::{Delivery, DeliveryWay};
pub use event::{
    PushTokenMinted, PushTokenRevoked, RunCompleted, RunFailed, RunStarted, SourceArchived, SourceConnected,
    SourceEdited, SourceEvent, SourcePaused, SourceResumed, ValuesReceived,
};
pub use push_token::PushToken;
pub use rule::{Source, SourceCommand, SourceState};
pub use run::{MeasuredValue, RunFailure, RunFailureClass, RunSummary, RunTrigger, SkippedSlug};
