//! Commands on controls.

use std::sync::Arc;

use draxis_domain::control::{Control, ControlBody, ControlCommand};
use draxis_domain::{ControlId, TenantId};
use draxis_event_store::Committed;

use crate::execution::{Commands, Context, Execution};
use crate::outcome::missing_link;
use crate::platform::{accepted, created};
use crate::{CommandError, Guarded, Permission};

impl Commands {
    /// Brings a control into being.
    pub async fn define_control(
        &self,
        context: &Context,
        body: ControlBody,
    ) -> Result<Committed, CommandError> {
        let held = self.owner_must_be_member(context.caller.tenant()?, body.owner).await;
        let id = ControlId::new(self.ids().next());
        let context = context.clone().because(body.reason.clone());
        let command = ControlCommand::Define { id, body };
        let execution = Execution::<Control> { id: id.to_string(), command, respond: Arc::new(created) };
        self.on_tenant_if(&context, held, execution).await
    }

    /// Edits, archives: anything asked of a control that exists.
    pub async fn change_control(
        &self,
        context: &Context,
        id: ControlId,
        command: ControlCommand,
    ) -> Result<Committed, CommandError> {
        let held = match &command {
            ControlCommand::Define { body, .. } | ControlCommand::Edit { body } => {
                self.owner_must_be_member(context.caller.tenant()?, body.owner).await
            }
            ControlCommand::Archive => Ok(()),
        };
        let respond = Arc::new(|control: &Control, id: &str| accepted(id, control.version()));
        self.on_tenant_if(context, held, Execution { id: id.to_string(), command, respond }).await
    }

    /// Refuses a link to a control that is not there or no longer in use.
    pub(crate) async fn control_must_be_in_use(
        &self,
        tenant: TenantId,
        id: ControlId,
    ) -> Result<(), CommandError> {
        match self.load::<Control>(tenant, &id.to_string()).await?.in_use() {
            Some(_) => Ok(()),
            None => Err(missing_link("control", "/controlIds")),
        }
    }
}

impl Guarded for ControlCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Define { .. } | Self::Edit { .. } | Self::Archive => Permission::ManageRiskModel,
        }
    }
}
