//! The demonstration: a demo organization and tenant, vendors that answer from recorded replies, and the way to live KRIs by
//! the real commands. Every step carries an idempotency key, so a second start finds what the first one made.

mod breach;
mod vendor;
mod walk;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;

use serde::Serialize;

use crate::config::Config;
use crate::demo::walk::Walk;
use crate::program::{Program, ProgramError};

/// Whether the demonstration goes on serving after its walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It serves until it is stopped.
    Serve,
    /// It prints its summary and ends.
    Exit,
}

impl Ending {
    /// From the flag `--exit`.
    #[expect(clippy::fn_params_excessive_bools, reason = "the command line has a flag")]
    pub const fn of(exit: bool) -> Self {
        if exit { Self::Exit } else { Self::Serve }
    }
}

/// Why the demonstration did not hold.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// A step of the walk failed.
    #[error("{step} failed")]
    Step {
        /// Which.
        step: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A step did not give what it should have.
    #[error("{0}")]
    Unexpected(String),
}

/// What the walk came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    tenant_id: String,
    position: u64,
    kris: Vec<KriSummary>,
    workflow: WorkflowSummary,
}

/// What became of the breach.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkflowSummary {
    run_id: String,
    state: &'static str,
    tickets: BTreeSet<String>,
}

#[derive(Debug, Serialize)]
struct KriSummary {
    slug: String,
    value: Option<String>,
    status: String,
}

/// Runs the demonstration.
pub async fn run(
    mut config: Config,
    ending: Ending,
    progress: &mut (dyn FnMut(&str) + Send),
) -> Result<ExitCode, ProgramError> {
    // The demo's own vendors live on loopback; nothing else is let through.
    config.egress_allow.extend([ipnet::IpNet::from(std::net::IpAddr::from([127, 0, 0, 1]))]);
    let program = Program::start(config, progress).await?;
    let vendors = vendor::start()?;
    let jira = breach::jira().await?;
    let summary = Walk { app: program.app(), vendors: &vendors, jira: &jira }.take(progress).await;
    let summary = match summary {
        Ok(summary) => summary,
        Err(error) => {
            program.stop().await?;
            return Err(error.into());
        }
    };
    match ending {
        Ending::Exit => {
            let text = serde_json::to_string_pretty(&summary).map_err(std::io::Error::from)?;
            writeln!(std::io::stdout(), "{text}")?;
            program.stop().await?;
        }
        Ending::Serve => {
            progress(&format!(
                "The demo is served on http://{} (API description: /api/docs)",
                program.address()
            ));
            progress(&format!("Sign in as {} with the password {}", walk::EMAIL, walk::PASSWORD));
            progress("Stop it with Ctrl-C; start it again to go on where it was");
            Box::pin(program.until_stopped()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
