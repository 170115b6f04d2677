//! Definitions to be tried on the past: one that somebody wrote, held against the tenant, or a version that there is.

use draxis_domain::workflow::{Definition, Workflow};
use draxis_domain::{Rejection, WorkflowId};
use serde_json::Value;

use crate::workflow::fitting;
use crate::{Caller, CommandError, Commands, Permission};

/// What is to be tried.
#[derive(Debug, Clone, Copy)]
pub enum Trial<'a> {
    /// A definition, as somebody wrote it.
    Written(&'a Value),
    /// A version of the workflow.
    Version(u64),
    /// The version that is in force.
    InForce,
}

impl Commands {
    /// The definition that is meant, and its version where it is one of the workflow's.
    pub async fn definition_to_try(
        &self,
        caller: &Caller,
        id: WorkflowId,
        trial: Trial<'_>,
    ) -> Result<(Definition, Option<u64>), CommandError> {
        caller.must(Permission::ReadAudit)?;
        let tenant = caller.tenant()?;
        let workflow = self.load::<Workflow>(tenant, &id.to_string()).await?;
        let state = workflow.state().ok_or(Rejection::NotFound { noun: "workflow" })?;
        match trial {
            Trial::InForce => Ok((state.definition.clone(), Some(state.version))),
            Trial::Written(written) => {
                let facts = self.workflow_facts(tenant, written).await?;
                Ok((*fitting(written, &facts)?, None))
            }
            Trial::Version(version) => {
                let definition = self.version_of_workflow(tenant, id, version).await?;
                let unknown = || {
                    let detail =
                        format!("there is no version {version}; the versions are 1 to {}", state.version);
                    Rejection::invalid("workflow.version_unknown", "/version", detail)
                };
                Ok((definition.ok_or_else(unknown)?, Some(version)))
            }
        }
    }
}
