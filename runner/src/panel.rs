//! The panel at work: reads what the tenant has, lets rules or a model answer, has every figure checked, and records it
//! (product.md section 5).

mod desk;
mod draft;
mod instructions;
mod lead;
mod toolbox;

pub use desk::{Listener, PanelDesk, PanelError, Told, session_of_step};
