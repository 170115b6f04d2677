//! Where secrets are kept: sealed, and bound to the one place each belongs to.

pub mod seal;
