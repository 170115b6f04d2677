//! What happens unasked, and everything that reaches outside: connectors, schedules, relays.
//!
//! Here lives the only way out of the house (`egress`, `mail`) and what uses it. What never lives here: a rule of the product,
//! HTTP served to others.

pub mod connector;
pub mod document;
pub mod document_text;
pub mod egress;
#[cfg(any(test, feature = "far-systems"))]
pub mod far_systems;
pub mod interview;
pub mod mail;
pub mod model;
pub mod panel;
pub mod relay;
pub mod run;
pub mod source_run;
pub mod timer;
pub mod witness;
