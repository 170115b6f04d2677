//! The `draxis` command line.

use std::io::Write as _;
use std::process::ExitCode;

use draxis_api::app::App;
use draxis_api::config::{Command, Config, ConfigError, ConnectorCommand, RebuildCommand, VerifyCommand};
use draxis_api::errand::{self, check_connector, export, investigate, rebuild, replay, verify};
use draxis_api::program::{Program, ProgramError};
use draxis_api::{demo, program, telemetry};
use draxis_event_store::{Clock as _, SystemClock};

#[actix_web::main]
async fn main() -> ExitCode {
    let config = match Config::of_this_process() {
        Ok(config) => config,
        Err(ConfigError::CommandLine(answer)) => {
            // Help, a version, or what is wrong with the flags; if it cannot be printed there is nobody to tell.
            drop(answer.print());
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
        Err(error) => return refuse(&error),
    };
    if let Err(error) = telemetry::start(&config.log_filter, config.log_format) {
        return refuse(&error);
    }
    match Box::pin(carry_out(config)).await {
        Ok(code) => code,
        Err(error) => refuse(&error),
    }
}

async fn serve(config: Config) -> Result<ExitCode, ProgramError> {
    let program = Program::start(config, &mut say).await?;
    say(&format!("Serving on http://{} (API description: /api/docs)", program.address()));
    Box::pin(program.until_stopped()).await?;
    Ok(ExitCode::SUCCESS)
}

async fn rotate_key(config: Config) -> Result<ExitCode, ProgramError> {
    let held = program::errand(config, &mut say, async |app: &App| errand::rotate_key(app).await).await??;
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn rotate_checkpoint_key(config: Config) -> Result<ExitCode, ProgramError> {
    program::errand(config, &mut say, async |app: &App| errand::rotate_checkpoint_key(app).await).await??;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(config: Config) -> Result<ExitCode, ProgramError> {
    match config.command.clone() {
        Command::Serve => Box::pin(serve(config)).await,
        Command::Demo { exit } => Box::pin(demo::run(config, demo::Ending::of(exit), &mut say)).await,
        Command::Migrate => {
            program::migrate(config, &mut say).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::RotateKey => rotate_key(config).await,
        Command::RotateCheckpointKey => rotate_checkpoint_key(config).await,
        Command::Connector(ConnectorCommand::Check(asked)) => {
            let holds = check_connector::run(&asked, SystemClock.now()).await?;
            Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Verify(asked) => hold_against_itself(config, &asked).await,
        Command::Rebuild(asked) => build_anew(config, &asked).await,
        Command::Export(asked) => {
            let export = async |app: &App| export::run(app, &asked, &mut say).await;
            program::errand(config, &mut say, export).await??;
            Ok(ExitCode::SUCCESS)
        }
        Command::Investigate(asked) => {
            let investigate = async |app: &App| investigate::run(app, &asked, &mut say).await;
            program::errand(config, &mut say, investigate).await??;
            Ok(ExitCode::SUCCESS)
        }
        Command::Replay(asked) => {
            let replay = async |app: &App| replay::run(app, &asked).await;
            program::errand(config, &mut say, replay).await??;
            Ok(ExitCode::SUCCESS)
        }
        Command::PublicKey => {
            program::errand(config, &mut say, async |app: &App| errand::print_keys(app)).await??;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn hold_against_itself(config: Config, asked: &VerifyCommand) -> Result<ExitCode, ProgramError> {
    let verify = async |app: &App| verify::run(app, asked, &mut say).await;
    let all_hold = program::errand(config, &mut say, verify).await??;
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn build_anew(config: Config, asked: &RebuildCommand) -> Result<ExitCode, ProgramError> {
    let rebuild = async |app: &App| rebuild::run(app, asked, &mut say).await;
    program::errand(config, &mut say, rebuild).await??;
    Ok(ExitCode::SUCCESS)
}

/// Tells whoever started the program what it is doing; standard output is kept for results.
fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    say(&format!("draxis: {line}"));
    ExitCode::FAILURE
}
