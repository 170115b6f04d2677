//! Commands on vendors: third parties a tenant depends on.

use std::sync::Arc;

use draxis_domain::VendorId;
use draxis_domain::vendor::{Vendor, VendorBody, VendorCommand};
use draxis_event_store::Committed;

use crate::execution::{Commands, Context, Execution};
use crate::platform::{accepted, created};
use crate::{CommandError, Guarded, Permission};

impl Commands {
    /// Brings a vendor into being.
    pub async fn define_vendor(
        &self,
        context: &Context,
        body: VendorBody,
    ) -> Result<Committed, CommandError> {
        let held = self.owner_must_be_member(context.caller.tenant()?, body.owner).await;
        let id = VendorId::new(self.ids().next());
        let context = context.clone().because(body.reason.clone());
        let command = VendorCommand::Define { id, body };
        let execution = Execution::<Vendor> { id: id.to_string(), command, respond: Arc::new(created) };
        self.on_tenant_if(&context, held, execution).await
    }

    /// Edits, archives: anything asked of a vendor that exists.
    pub async fn change_vendor(
        &self,
        context: &Context,
        id: VendorId,
        command: VendorCommand,
    ) -> Result<Committed, CommandError> {
        let held = match &command {
            VendorCommand::Define { body, .. } | VendorCommand::Edit { body } => {
                self.owner_must_be_member(context.caller.tenant()?, body.owner).await
            }
            VendorCommand::Archive => Ok(()),
        };
        let respond = Arc::new(|vendor: &Vendor, id: &str| accepted(id, vendor.version()));
        self.on_tenant_if(context, held, Execution { id: id.to_string(), command, respond }).await
    }
}

impl Guarded for VendorCommand {
    fn permission(&self) -> Permission {
        match self {
            Self::Define { .. } | Self::Edit { .. } | Self::Archive => Permission::ManageRiskModel,
        }
    }
}
