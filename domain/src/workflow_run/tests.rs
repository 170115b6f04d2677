//! Runs held against what must and must not come of them, whatever the outside answers.

mod approvals;
mod effects;
mod given;
mod people;
mod steps;
