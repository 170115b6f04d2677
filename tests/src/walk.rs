//! The main path over HTTP: from the first registration to a live KRI, and everything a caller can get wrong on the way.

mod identity;
mod input;
mod killed;
mod main_path;
pub(crate) mod strangers;
