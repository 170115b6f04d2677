//! The built-in panel: answers from the data by rules, without a model, and says so (product.md section 5).

mod answer;
mod expert;
mod line;
mod page;
mod question;
mod rank;
#[cfg(test)]
pub(crate) mod sample;
mod section;
#[cfg(test)]
mod tests;

pub use answer::answer;
pub use expert::called;
pub use question::{Subject, Topic, Understood, understand};
pub use rank::{Ranked, rank};
