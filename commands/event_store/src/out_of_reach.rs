//! Telling a database that cannot serve for a while from one that says no: the first is nobody's fault and worth another try.

/// Whether the database cannot be reached, is going down or coming up, or is too busy, whatever it was asked.
pub fn is_out_of_reach(error: &sqlx::Error) -> bool {
    if matches!(error, sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)) {
        return true;
    }
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    // Postgres, appendix A: 08 the connection; 25P03 idle within a transaction for too long; 53 out of room or connections;
    // 55P03 waited too long for a lock; 57 shut down, starting up, or the statement took too long.
    let classes = ["08", "25P03", "53", "55P03", "57"];
    code.is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
}
