//! Commands on outcomes.

use std::sync::Arc;

use draxis_domain::outcome::{Outcome, OutcomeBody, OutcomeCommand};
use draxis_domain::{OutcomeId, Rejection, TenantId};
use draxis_event_store::Committed;

use crate::execution::{Commands, Context, Execution};
use crate::platform::{accepted, created};
use crate::{CommandError, Guarded, Permission};

impl Commands {
    /// Brings an outcome into being.
    pub async fn define_outcome(
        &self,
        context: &Context,
        body: OutcomeBody,
    ) -> Result<Committed, CommandError> {
        let id = OutcomeId::new(self.ids().next());
        let context = context.clone().because(body.reason.clone());
        let command = OutcomeCommand::Define { id, body };
        self.on_tenant(
            &context,
            Execution::<Outcome> { id: id.to_string(), command, respond: Arc::new(created) },
        )
        .await
    }

    /// Edits, archives: anything asked of an outcome that exists.
    pub async fn change_outcome(
        &self,
        context: &Context,
        id: OutcomeId,
        command: OutcomeCommand,
    ) -> Result<Committed, CommandError> {
        let respond = Arc::new(|outcome: &Outcome, id: &str| accepted(id, outcome.version()));
        self.on_tenant(context, Execution { id: id.to_string(), command, respond }).await
    }

    /// Refuses a link to an outcome that is not there or no longer in use; the pointer says where the body names it.
    pub(crate) async fn outcome_must_be_in_use(
        &self,
        tenant: TenantId,
        id: OutcomeId,
        pointer: &str,
    ) -> Result<(), CommandError> {
        match self.load::<Outcome>(tenant, &id.to_string()).await? {
            Outcome::Active(_) => Ok(()),
            Outcome::Absent | Outcome::Archived(_) => Err(missing_link("outcome", pointer)),
        }
    }
}

/// A link to something that is not there; the same for foreign, missing and archived ids (hazards A5).
pub(crate) fn missing_link(noun: &str, pointer: &str) -> CommandError {
    let detail = format!("there is no such {noun} in use in this tenant; take an id from its list");
    Rejection::invalid("link.missing", pointer, detail).into()
}

impl Guarded for OutcomeCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Define { .. } | Self::Edit { .. } | Self::Archive => Permission::ManageRiskModel,
        }
    }
}
