//! Looking at a stream: who may, and that it is itself recorded (product.md section 6).

use std::sync::Arc;

use draxis_domain::audit::{Audit, AuditCommand, AuditEvent};
use draxis_domain::{EventSet as _, TenantId};
use draxis_event_store::Committed;
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

use crate::caller::Scope;
use crate::execution::{Commands, Context, Execution};
use crate::identity::nothing;
use crate::{Caller, CommandError, Guarded, Permission};

/// The same person looking at the same part again within so many seconds is the same look: a page that refreshes itself is
/// one event in ten minutes, not one in ten seconds.
const SAME_LOOK: i64 = 600;

impl Caller {
    /// The stream a caller may look at: their tenant's, or for the superadmin without a tenant the platform's.
    pub fn audited_stream(&self) -> Result<TenantId, CommandError> {
        let stream = match self.scope {
            Scope::Platform => TenantId::PLATFORM,
            Scope::Organization(_) | Scope::Tenant(_) => self.tenant()?,
        };
        self.must(Permission::ReadAudit)?;
        Ok(stream)
    }
}

impl Commands {
    /// Records that the caller looked at their stream, before they are shown anything. A mere reading that is repeated is
    /// recorded once in a while, everything else each time.
    pub async fn record_look(&self, context: &Context, event: AuditEvent) -> Result<Committed, CommandError> {
        let stream = context.caller.audited_stream()?;
        let id = match &event {
            AuditEvent::Read(_) => self.name_of_reading(context, &event)?,
            AuditEvent::Exported(_)
            | AuditEvent::Verified(_)
            | AuditEvent::Replayed(_)
            | AuditEvent::Impersonated(_) => self.ids().next(),
        };
        let command = AuditCommand::Record(event);
        let execution = Execution::<Audit> { id: id.to_string(), command, respond: Arc::new(nothing) };
        if stream == TenantId::PLATFORM {
            self.on_platform(context, execution).await
        } else {
            self.on_tenant(context, execution).await
        }
    }

    /// The same for the same reader, part and stretch of time, in whichever process.
    fn name_of_reading(&self, context: &Context, event: &AuditEvent) -> Result<Ulid, CommandError> {
        let Caller { actor, impersonator, .. } = &context.caller;
        let since = self.clock().now().timestamp().div_euclid(SAME_LOOK).saturating_mul(SAME_LOOK);
        let part = event.payload().map_err(CommandError::failed)?;
        let mut hash = Sha256::new();
        for text in [actor.to_string(), format!("{impersonator:?}"), part] {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(text.as_bytes());
        }
        let random = hash.finalize().iter().take(10).fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let millis = u64::try_from(since.saturating_mul(1000)).unwrap_or_default();
        Ok(Ulid::from_parts(millis, random))
    }
}

impl Guarded for AuditCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Record(_) => Permission::ReadAudit,
        }
    }
}
