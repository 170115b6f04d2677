//! Rotation of the key that seals: a new one takes over, the old one vouches for it, and the platform's stream says so.

use std::sync::Arc;

use draxis_domain::TenantId;
use draxis_domain::checkpoint_key::{CheckpointKey, CheckpointKeyCommand};

use crate::identity::nothing;
use crate::sealing::{PublishedKey, Sealing, keys};
use crate::{CommandError, Commands, Context, Execution, Guarded, Permission};

impl Sealing {
    /// Makes a key that takes over, and records every rotation that is not on the platform's stream yet: also one of a process
    /// that ended in between. For a while the old key signs as well.
    pub async fn rotate_key(
        &self,
        commands: &Commands,
        context: &Context,
    ) -> Result<PublishedKey, CommandError> {
        let office = &self.office;
        let (pool, clock, ids) = (&office.pools.platform, &*office.clock, &*office.ids);
        keys::rotate(pool, &office.vault, &office.log, clock, ids).await?;
        self.refresh_keys().await?;
        for (id, rotated) in self.keys().rotations() {
            let command = CheckpointKeyCommand::Record(rotated);
            let respond = Arc::new(nothing);
            let execution = Execution::<CheckpointKey> { id: id.to_string(), command, respond };
            commands.on_platform(context, execution).await?;
        }
        // What it signs first is the stream that says that it signs.
        self.seal(TenantId::PLATFORM).await?;
        let newest = self.published_keys().pop();
        newest.ok_or_else(|| CommandError::Failed("there is no key to seal with".into()))
    }
}

impl Guarded for CheckpointKeyCommand {
    fn permission(&self) -> Permission {
        match self {
            // No route leads here: whoever can do it holds the encryption key and the database.
            Self::Record(_) => Permission::Open,
        }
    }
}
