//! Relays against far systems that really speak, and fail as told.
