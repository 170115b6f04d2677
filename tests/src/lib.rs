//! The product from outside, and the shape of the house.
//!
//! One binary: `house` starts the one Postgres that all tests share and gives each a database of its own; the other modules
//! are the tests, by subject. What never lives here: a rule of the product, or a stand-in for one.

#![cfg_attr(
    test,
    expect(
        clippy::excessive_nesting,
        clippy::cognitive_complexity,
        clippy::too_many_arguments,
        clippy::too_many_lines,
        clippy::format_collect,
        clippy::large_futures,
        dead_code,
        reason = "a test tells one story from its beginning to its end"
    )
)]

pub mod house;

#[cfg(test)]
mod approvals;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod interview;
#[cfg(test)]
mod log;
#[cfg(test)]
mod panel;
#[cfg(test)]
mod projection;
#[cfg(test)]
mod risk_model;
#[cfg(test)]
mod runs;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod timers;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod workflow;
