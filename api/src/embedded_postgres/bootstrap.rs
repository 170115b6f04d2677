//! The first roles and databases, made as the superuser that `initdb` left, which nothing else ever is.

use sqlx::postgres::PgQueryResult;
use sqlx::{Connection, Executor, PgConnection};

use super::{EmbeddedError, EmbeddedPostgres, SUPERUSER};

/// The role that owns the database and runs the migrations, and has no more rights than a managed Postgres hands out.
pub const OWNER: &str = "draxis_owner";

const MAKE_OWNER: &str = "DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'draxis_owner') THEN
    CREATE ROLE draxis_owner LOGIN NOSUPERUSER CREATEROLE NOCREATEDB NOBYPASSRLS;
  END IF;
END $$";

/// The name of a database: small letters, digits and underscores, so that it needs no quoting anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatabaseName(String);

/// A database cannot be called that.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database's name is 1 to 63 of a-z, 0-9 and _, and begins with a letter")]
pub struct InvalidDatabaseName;

impl DatabaseName {
    /// The product's own database.
    pub fn draxis() -> Self {
        Self("draxis".to_owned())
    }

    /// Accepts what needs no quoting.
    pub fn parse(text: &str) -> Result<Self, InvalidDatabaseName> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        // Postgres cuts longer names silently (NAMEDATALEN).
        if begins && text.len() <= 63 && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidDatabaseName)
        }
    }

    /// The name as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EmbeddedPostgres {
    /// Makes the owner role and the product's database, if they are not there. Safe to repeat.
    pub async fn bootstrap(&self) -> Result<(), EmbeddedError> {
        self.ensure_database(&DatabaseName::draxis()).await
    }

    /// Makes the owner role and a database that belongs to it, if they are not there.
    pub async fn ensure_database(&self, name: &DatabaseName) -> Result<(), EmbeddedError> {
        let refused = |doing| move |source| EmbeddedError::Bootstrap { doing, source };
        let options = self.connect_options("postgres", SUPERUSER);
        let mut superuser =
            PgConnection::connect_with(&options).await.map_err(refused("let its superuser in"))?;
        unless_there(superuser.execute(MAKE_OWNER).await).map_err(refused("make the owner role"))?;
        // The one statement that takes no parameter: the name is of a type that needs no quoting.
        let create = format!("CREATE DATABASE {} OWNER {OWNER}", name.as_str());
        unless_there(superuser.execute(create.as_str()).await).map_err(refused("make the database"))?;
        superuser.close().await.map_err(refused("let its superuser out"))
    }
}

/// It was there before, or another made it in the same moment: all the same.
fn unless_there(outcome: Result<PgQueryResult, sqlx::Error>) -> Result<(), sqlx::Error> {
    // duplicate_database, duplicate_object, unique_violation
    const THERE: [&str; 3] = ["42P04", "42710", "23505"];
    match outcome {
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| THERE.contains(&&*code)) => {
            Ok(())
        }
        outcome => outcome.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_need_quoting_is_refused() {
        for text in ["", "Draxis", "1st", "a-b", "a b", "a\";drop", "é", &"a".repeat(64)] {
            assert_eq!(DatabaseName::parse(text), Err(InvalidDatabaseName), "{text}");
        }
        assert_eq!(DatabaseName::parse("t_01hx").unwrap().as_str(), "t_01hx");
        assert!(DatabaseName::parse(&"a".repeat(63)).is_ok());
    }
}
