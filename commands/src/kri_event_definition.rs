//! Commands on KRI events: the event types that workflow steps may emit.

use std::sync::Arc;

use draxis_domain::KriEventDefinitionId;
use draxis_domain::kri_event_definition::{KriEventBody, KriEventDefinition, KriEventDefinitionCommand};
use draxis_domain::workflow::TenantFacts;
use draxis_event_store::Committed;

use crate::execution::{Commands, Context, Execution};
use crate::platform::accepted;
use crate::{CommandError, Guarded, Permission};

impl Commands {
    /// Declares an event type under the id that the caller chose, or replaces what it is.
    pub async fn put_kri_event(
        &self,
        context: &Context,
        id: KriEventDefinitionId,
        body: KriEventBody,
    ) -> Result<Committed, CommandError> {
        context.caller.must(Permission::ManageWorkflows)?;
        let tenant = context.caller.tenant()?;
        if let Some(before) = self.answered(tenant, context).await? {
            return Ok(before);
        }
        let facts = TenantFacts { kris: self.kri_facts(tenant).await?, ..TenantFacts::default() };
        let problems = body.misfits(&facts);
        if !problems.is_empty() {
            return Err(CommandError::Misfits { code: "kri_event.invalid", problems });
        }
        let context = context.clone().because(body.reason.clone());
        let command = KriEventDefinitionCommand::Put { id, body };
        let respond =
            Arc::new(|definition: &KriEventDefinition, id: &str| accepted(id, definition.version()));
        self.on_tenant(&context, Execution { id: id.to_string(), command, respond }).await
    }
}

impl Guarded for KriEventDefinitionCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Put { .. } => Permission::ManageWorkflows,
        }
    }
}
