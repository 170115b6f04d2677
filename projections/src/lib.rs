//! What can be read: pure folds of the log, kept in tables that answer one question each.
