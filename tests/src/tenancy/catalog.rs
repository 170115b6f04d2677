//! The catalog sweep: what every table, policy, role, view and function must be after all migrations (hazards D1).
//!
//! A new table passes without a word here as long as it is like the others. One fault of each kind is planted to show that
//! the sweep sees it.

mod grants;
mod planted;
mod rules;

use sqlx::{Executor, PgConnection, Row};

use crate::house::TestDatabase;

/// What is wrong, as `rule: thing`.
async fn sweep(connection: &mut PgConnection) -> Vec<String> {
    let mut faults = Vec::new();
    for (rule, query) in rules::RULES {
        let rows = connection.fetch_all(*query).await.unwrap_or_else(|error| panic!("{rule}: {error}"));
        faults.extend(rows.iter().map(|row| format!("{rule}: {}", row.get::<String, _>(0))));
    }
    faults
}

#[tokio::test]
async fn every_table_passes_the_sweep() {
    let database = TestDatabase::make().await;
    let faults = sweep(&mut database.superuser().await).await;
    assert!(faults.is_empty(), "\n  {}\n", faults.join("\n  "));
}

#[tokio::test]
async fn one_fault_of_each_kind_is_seen() {
    let database = TestDatabase::make().await;
    let mut superuser = database.superuser().await;
    let mut unseen: Vec<&str> = rules::RULES.iter().map(|(rule, _)| *rule).collect();
    for (rule, plant) in planted::FAULTS {
        superuser.execute("BEGIN").await.unwrap();
        superuser.execute(*plant).await.unwrap_or_else(|error| panic!("{plant}: {error}"));
        let faults = sweep(&mut superuser).await;
        let seen = faults.iter().any(|fault| fault.starts_with(&format!("{rule}:")));
        assert!(seen, "{plant}\n  was not seen by `{rule}`; only: {faults:?}");
        unseen.retain(|name| name != rule);
        superuser.execute("ROLLBACK").await.unwrap();
    }
    assert!(unseen.is_empty(), "rules without a planted fault: {unseen:?}");
}
