//! Tenants do not meet (hazards D1, D2): what the catalog must say of every table, and how the roles behave.

mod catalog;
mod rows;
mod visibility;
