//! Interviews from outside: a workflow talked through over HTTP, confirmed, and read again.

mod conversation;
mod modelled;
mod refusals;
