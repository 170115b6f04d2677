//! Connectors read numbers out of the tools a customer owns: one manifest a vendor, one engine for all.

pub mod expression;
