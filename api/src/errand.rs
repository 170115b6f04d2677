//! Errands: what somebody does at a terminal, most of it on the database itself.

pub mod check_connector;
pub mod export;
pub mod investigate;
pub mod rebuild;
pub mod replay;
pub mod verify;

use std::io::{self, Write as _};
use std::path::PathBuf;

use draxis_commands::sealing::SealError;
use draxis_commands::vault::Rotation;
use draxis_commands::{Caller, CommandError, Context};
use draxis_domain::tenant::Tenant;
use draxis_domain::{Position, Reason, TenantId};
use draxis_event_store::{TenantTx, claim_owner, head};
use draxis_projections::{PageOf, ReadError};
use draxis_proof::checkpoint::KeyRingError;

use crate::app::App;

/// Why an errand was not done; the sentence says what to do.
#[derive(Debug, thiserror::Error)]
pub enum ErrandError {
    /// No such tenant.
    #[error("there is no tenant `{name}`: give its id, its slug or `platform`{known}")]
    NoTenant {
        /// As it was asked for.
        name: String,
        /// The slugs that there are, as the end of the sentence.
        known: String,
    },
    /// A part of a stream that does not exist.
    #[error(
        "there are no positions {from} to {to}: the stream's last position is {end}, and the first must not lie behind the last"
    )]
    Stretch {
        /// The first asked for.
        from: Position,
        /// The last asked for.
        to: Position,
        /// The last there is.
        end: Position,
    },
    /// A file is there already.
    #[error("{} is there already and is not written over: name another file with --out", .0.display())]
    There(PathBuf),
    /// A thing that is none.
    #[error("`{0}` names no thing: write its kind and its id, such as kri/01J…, or the kind alone")]
    Thing(String),
    /// A document could not be made.
    #[error("{0}")]
    Refused(String),
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

/// Seals with a new key from now on, and prints it.
pub async fn rotate_checkpoint_key(app: &App) -> Result<(), ErrandError> {
    let context = at_the_terminal(TenantId::PLATFORM, "draxis rotate-checkpoint-key");
    let key = app.sealing.rotate_key(&app.commands, &context).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", key.verifier_key)?;
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
    drop(transaction);
    match owner.and_then(|id| id.parse().ok()) {
        Some(id) => Ok(id),
        None => Err(ErrandError::NoTenant { name: name.to_owned(), known: known_slugs(app).await? }),
    }
}

/// The first slugs there are, to choose from.
async fn known_slugs(app: &App) -> Result<String, ErrandError> {
    let page = PageOf { cursor: None, limit: 10 };
    let tenants = app.read_models.list_tenants(None, None, &page).await?.items;
    let slugs: Vec<String> = tenants.iter().map(|tenant| tenant.slug.as_str().to_owned()).collect();
    Ok(if slugs.is_empty() { String::new() } else { format!(". There are: {}", slugs.join(", ")) })
}

/// A stretch of a stream as somebody asked for it: the position before its first event, and its last. What is not there is
/// refused, so that nobody takes an empty answer for a stream in which nothing happened.
async fn stretch(
    app: &App,
    tenant: TenantId,
    from: Option<u64>,
    to: Option<u64>,
) -> Result<(Position, Position), ErrandError> {
    let end = head(&app.commands.pools().app, tenant).await?;
    let from = Position::new(from.unwrap_or(1).max(1));
    let until = to.map_or(end, Position::new);
    let whole_of_nothing = end == Position::START && from == end.next() && to.is_none();
    if (from > until || until > end) && !whole_of_nothing {
        return Err(ErrandError::Stretch { from, to: until, end });
    }
    Ok((Position::new(from.get().saturating_sub(1)), until))
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
