//! Metadata on its way through cqrs-es, whose form is a map of strings.

use cqrs_es::AggregateError;
use draxis_domain::{Metadata, Rejection};

#[expect(
    clippy::disallowed_types,
    reason = "cqrs-es hands metadata over as a HashMap; it is put in order right here"
)]
/// cqrs-es's form of metadata.
pub type CqrsMetadata = std::collections::HashMap<String, String>;

/// The flat form cqrs-es carries.
pub fn flatten(metadata: &Metadata) -> Result<CqrsMetadata, AggregateError<Rejection>> {
    let flat = serde_json::to_value(metadata).and_then(serde_json::from_value);
    flat.map_err(|error| AggregateError::UnexpectedError(Box::new(error)))
}
