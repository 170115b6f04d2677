//! Connectors read numbers out of the tools a customer owns: one manifest a vendor, one engine for all.
//!
//! What never lives here: sockets and name resolution (the `fetch` port's other side), schedules, events, the vault.

pub mod catalog;
pub mod check;
pub mod credentials;
pub mod csv;
pub mod document;
mod exchange;
pub mod expression;
pub mod fetch;
mod gather;
pub mod generic;
pub mod manifest;
pub mod push;
mod question;
pub mod reading;
pub mod registry;
pub mod replay;
pub mod report;
pub mod run;
pub mod settings;
pub mod slug;
pub mod template;
pub mod trial;
