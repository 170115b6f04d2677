//! Identity: accounts, passwords, sessions and invitations. Names, emails and hashes lie in the platform's tables; what
//! happened lies in the platform's stream.

mod access_token;
mod account;
mod api_token;
mod challenge;
mod invitation;
pub(crate) mod machine_token;
mod mfa_policy;
mod names;
mod outbox;
mod password;
mod people;
mod refresh_token;
mod second_factor;
mod signing_key;
mod tenant_token;

use std::sync::Arc;

pub use access_token::{AccessToken, Claims};
pub(crate) use account::nothing;
pub use account::{Profile, SignedIn};
pub use api_token::{ApiTokenBody, ApiTokenRow, MintedToken};
pub use challenge::Challenge;
pub use invitation::{InviteBody, Invited, Link, Posted};
pub use machine_token::{MachineToken, MachineTokenKind};
pub use mfa_policy::{MfaPolicyBody, MfaStanding};
pub use outbox::{OutboxLetter, SendOutcome};
pub use password::{Password, PasswordError};
pub use people::{Person, RevokeBody};
pub use refresh_token::RefreshToken;
pub use second_factor::{Code, Enrolled, Enrollment};

use crate::CommandError;
use crate::execution::Commands;
use crate::identity::password::Hasher;
use crate::identity::signing_key::KeyRing;

/// Everything about who people are.
#[derive(Clone)]
pub struct Identity {
    commands: Commands,
    hasher: Hasher,
    keys: Arc<KeyRing>,
}

impl Identity {
    /// Identity over the platform's tables; makes the first signing key where there is none.
    pub async fn open(commands: Commands) -> Result<Self, CommandError> {
        let keys =
            KeyRing::open(commands.pools(), commands.vault(), commands.clock(), commands.ids()).await?;
        Ok(Self { commands, hasher: Hasher::start()?, keys: Arc::new(keys) })
    }

    /// The commands behind it.
    pub const fn commands(&self) -> &Commands {
        &self.commands
    }

    /// Brings the signing keys up to date: takes in those other processes made, and makes a new one when it is time.
    pub async fn rotate_keys(&self) -> Result<(), CommandError> {
        let commands = &self.commands;
        self.keys.refresh(commands.pools(), commands.vault(), commands.clock(), commands.ids()).await
    }
}

/// Random bytes from the operating system.
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], CommandError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| CommandError::Failed(error.to_string().into()))?;
    Ok(bytes)
}
