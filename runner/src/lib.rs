//! What happens unasked, and everything that reaches outside: connectors, schedules, relays.

pub mod connector;
