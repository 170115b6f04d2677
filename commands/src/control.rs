//! Commands on controls.

use draxis_domain::{ControlId, TenantId};

use crate::CommandError;
use crate::execution::Commands;
use crate::outcome::missing_link;

impl Commands {
    /// Refuses a link to a control that is not there or no longer in use.
    #[expect(clippy::unused_async, reason = "no control can be made yet, so none is in use")]
    pub(crate) async fn control_must_be_in_use(&self, _: TenantId, _: ControlId) -> Result<(), CommandError> {
        Err(missing_link("control", "/controlIds"))
    }
}
