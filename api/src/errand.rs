//! Errands: what somebody does at a terminal, most of it on the database itself.

pub mod check_connector;
pub mod export;
pub mod rebuild;
pub mod replay;
pub mod verify;

use std::io::{self, Write as _};
use std::path::PathBuf;

use draxis_commands::sealing::SealError;
use draxis_commands::vault::Rotation;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::tenant::Tenant;
use draxis_domain::{Reason, TenantId};
use draxis_event_store::{TenantTx, claim_owner};
use draxis_projections::ReadError;
use draxis_proof::checkpoint::KeyRingError;

use crate::app::App;

/// Why an errand was not done; the sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ErrandError {
    /// No such tenant.
    #[error("there is no tenant `{0}`: give its id, its slug or `platform`")]
    NoTenant(String),
    /// A file cannot be read or written.
    #[error("{path} cannot be used")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of keys cannot be understood.
    #[error("{path} is no file of verifier keys")]
    Keys {
        /// Which.
        path: PathBuf,
        /// Why.
        source: KeyRingError,
    },
    /// The result cannot be printed.
    #[error("standard output cannot be written")]
    Output(#[from] io::Error),
    /// The stream cannot be sealed, verified or exported.
    #[error(transparent)]
    Sealing(#[from] SealError),
    /// The read models cannot be compared or built anew.
    #[error(transparent)]
    ReadModels(#[from] ReadError),
    /// The database did not answer.
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
    /// A command was not carried out.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The result cannot be said as JSON.
    #[error("the result cannot be written as JSON")]
    Json(#[from] serde_json::Error),
}

/// Prints the verifier keys, the oldest first.
pub fn print_keys(app: &App) -> Result<(), ErrandError> {
    let mut out = io::stdout().lock();
    for key in app.sealing.published_keys() {
        writeln!(out, "{}", key.verifier_key)?;
    }
    Ok(out.flush()?)
}

/// The stream that somebody means by an id, a slug or `platform`.
async fn stream_named(app: &App, name: &str) -> Result<TenantId, ErrandError> {
    if name == "platform" {
        return Ok(TenantId::PLATFORM);
    }
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let mut transaction = TenantTx::begin(&app.commands.pools().app, TenantId::PLATFORM).await?;
    let owner = claim_owner(&mut transaction, Tenant::SLUG, name).await?;
    owner.and_then(|id| id.parse().ok()).ok_or_else(|| ErrandError::NoTenant(name.to_owned()))
}

/// The context of what somebody at a terminal of the machine does, whose name the program does not know.
fn at_the_terminal(tenant: TenantId, doing: &str) -> Context {
    let reason = Reason::parse(&format!("{doing} at a terminal")).ok();
    Context::of(Caller::runner(tenant)).because(reason)
}

/// A stream as people are told of it.
fn words_for(tenant: TenantId) -> String {
    if tenant == TenantId::PLATFORM { "the platform's stream".to_owned() } else { format!("tenant {tenant}") }
}

/// Seals everything again under the current key and says how much that was; false where something was left as it is.
pub async fn rotate_key(app: &App) -> Result<bool, ErrandError> {
    let commands = &app.commands;
    let done = commands.vault().rotate(commands.pools()).await?;
    let mut out = io::stdout();
    if done.is_nothing() {
        writeln!(out, "Everything is sealed under the current key already.")?;
    } else {
        let Rotation { secrets, signing_keys, .. } = done;
        writeln!(
            out,
            "Sealed again under the current key: {secrets} credentials, {signing_keys} signing keys."
        )?;
    }
    match done.unopened {
        0 => writeln!(out, "Older keys are needed by nothing: take them out of ENCRYPTION_KEY.")?,
        left => writeln!(
            out,
            "{left} could not be opened and are as they were: the log says which. Keep the older keys."
        )?,
    }
    Ok(done.unopened == 0)
}
