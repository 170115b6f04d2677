//! The dashboard: a tenant's whole risk model at one position, kept rendered while nothing changes.

mod cache;
mod changes;
mod render;
mod shape;

pub(crate) use cache::Models;
pub use render::RenderedDashboard;
pub(crate) use render::{Clocks, render};
pub use shape::Dashboard;
