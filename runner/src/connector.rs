//! Connectors read numbers out of the tools a customer owns: one manifest a vendor, one engine for all.

pub mod catalog;
pub mod check;
pub mod credentials;
pub mod document;
mod exchange;
pub mod expression;
pub mod fetch;
mod gather;
pub mod manifest;
mod question;
pub mod registry;
pub mod replay;
pub mod report;
pub mod run;
pub mod settings;
pub mod slug;
pub mod template;
