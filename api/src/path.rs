//! Ids in addresses: one that does not read is one that does not exist (hazards A5).

use std::str::FromStr;

use serde::Deserialize;

use crate::problem::Problem;

/// An id as it stands in an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Id<T> {
    text: String,
    #[serde(skip)]
    noun: std::marker::PhantomData<T>,
}

impl<T: FromStr> Id<T> {
    /// The id, or the same answer that a missing thing gets.
    pub fn get(&self, noun: &'static str) -> Result<T, Problem> {
        self.text.parse().map_err(|_| Problem::not_found(noun))
    }
}
