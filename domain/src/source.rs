//! Source: a connected system that KRI values are read from, and its runs (product.md section 2).

mod body;
mod event;
mod rule;
mod run;
mod slot;

pub use body::{BaseUrl, BaseUrlError, Schedule, SourceBody, SourceType, Vendor};
pub use event::{
    RunCompleted, RunFailed, RunStarted, SourceArchived, SourceConnected, SourceEdited, SourceEvent,
    SourcePaused, SourceResumed,
};
pub use rule::{Source, SourceCommand, SourceState};
pub use run::{MeasuredValue, RunFailure, RunFailureClass, RunSummary, RunTrigger, SkippedSlug};
