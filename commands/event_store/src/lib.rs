//! The log in Postgres: tenant transactions, append, read, idempotency.
