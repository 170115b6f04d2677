//! The product from outside, and the shape of the house.
//!
//! One binary: `house` starts the one Postgres that all tests share and gives each a database of its own; the other modules
//! are the tests, by subject. What never lives here: a rule of the product, or a stand-in for one.

pub mod house;

#[cfg(test)]
mod audit;
#[cfg(test)]
mod log;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod timers;
#[cfg(test)]
mod walk;
