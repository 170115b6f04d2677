//! Everything that can be set from outside, read once at the start: flags, then environment, then file, then defaults.
//!
//! `setting.rs` lists the settings, `draxis.default.toml` explains them and holds their defaults. Each source is read into
//! the same table of texts that know where they come from; here they are understood.

mod checkpoints;
mod command_line;
mod database;
mod encryption_key;
mod environment;
mod error;
mod file;
mod mail;
mod model;
mod secret;
mod setting;
mod witness;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use draxis_commands::sealing::SealingSettings;
use draxis_domain::source::BaseUrl;
use draxis_runner::model::ModelSettings;
use draxis_runner::witness::WitnessSettings;
use ipnet::IpNet;

pub use command_line::{
    CheckCommand, Chosen, Command, ConnectorCommand, ExportCommand, InvestigateCommand, RebuildCommand,
    ReplayCommand, VerifyCommand,
};
pub use database::{Database, DatabaseUrl, EmbeddedDatabase};
pub use encryption_key::KeySource;
pub use error::ConfigError;
pub use mail::{MailSecurity, MailServer, MailServerError};
pub use setting::Origin;

use crate::telemetry::{LogFilter, LogFormat};
use command_line::CommandLine;
use environment::Environment;
use setting::{Setting, Settings};

/// The defaults and, in its comments, what each setting means.
pub const DEFAULTS: &str = include_str!("../draxis.default.toml");

/// What this process was asked to do, and how.
pub struct Config {
    /// What to do.
    pub command: Command,
    /// Where to serve HTTP.
    pub listen: SocketAddr,
    /// Our own address, as people reach it: what letters lead to.
    pub public_url: BaseUrl,
    /// Whose Postgres.
    pub database: Database,
    /// Where the encryption key comes from; opened when it is needed.
    pub encryption_key: KeySource,
    /// Networks that outgoing calls may reach besides public ones.
    pub egress_allow: Vec<IpNet>,
    /// A folder with connectors of the operator's own.
    pub connectors_dir: Option<PathBuf>,
    /// How streams are sealed, and where checkpoints are published to.
    pub sealing: SealingSettings,
    /// Who is sent every checkpoint, if anyone is.
    pub witness: Option<WitnessSettings>,
    /// What is logged.
    pub log_filter: LogFilter,
    /// How it is written.
    pub log_format: LogFormat,
    /// Who takes our mail, if anyone does.
    pub mail: Option<MailServer>,
    /// Which model is asked for tenants who have chosen none.
    pub model: ModelSettings,
}

impl Config {
    /// Reads the flags, the environment and the files of this process.
    pub fn of_this_process() -> Result<Self, ConfigError> {
        Self::read(std::env::args_os(), std::env::vars_os())
    }

    /// Reads the given flags and environment, and the files that they name.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut command_line = CommandLine::parse(arguments)?;
        let environment = Environment::new(variables);
        let command = command_line.command.clone();
        let mut settings = file::parse("the defaults", DEFAULTS)?;
        if let Some(path) = command_line.config.take().or(environment.config_file()?) {
            settings = settings.overlaid_with(file::read(&path)?);
        }
        settings = settings.overlaid_with(environment.settings()?);
        settings = settings.overlaid_with(command_line.settings());
        Self::understand(command, &settings, &environment)
    }

    fn understand(
        command: Command,
        settings: &Settings,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let database = Database::choose(settings, environment)?;
        let listen = settings.required(Setting::Listen, listen)?;
        Ok(Self {
            command,
            listen,
            public_url: public_url(settings, listen)?,
            encryption_key: KeySource::choose(settings, environment, &database)?,
            database,
            egress_allow: settings.required(Setting::EgressAllow, networks)?,
            connectors_dir: settings.text(Setting::ConnectorsDir).map(PathBuf::from),
            sealing: checkpoints::choose(settings)?,
            witness: witness::choose(settings, environment)?,
            log_filter: settings.required(Setting::Log, LogFilter::parse)?,
            log_format: settings.required(Setting::LogFormat, LogFormat::parse)?,
            mail: MailServer::choose(settings, environment)?,
            model: model::choose(settings, environment)?,
        })
    }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no address: write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"))
}

/// The address that was set, else the one that is served on, as somebody on this machine reaches it.
fn public_url(settings: &Settings, listen: SocketAddr) -> Result<BaseUrl, ConfigError> {
    let parse = |text: &str| {
        BaseUrl::parse(text).map_err(|error| format!("`{text}` {error}, such as https://draxis.example.com"))
    };
    let host = if listen.ip().is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { listen.ip() };
    let served = || BaseUrl::of_socket(SocketAddr::new(host, listen.port()));
    Ok(settings.optional(Setting::PublicUrl, parse)?.unwrap_or_else(served))
}

fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let network = |item: &str| {
        let address = || item.parse::<IpAddr>().map(IpNet::from);
        item.parse::<IpNet>().or_else(|_| address()).map_err(|_| {
            format!("`{item}` is no network: write such as 10.20.0.0/16, fd00::/8 or 10.20.30.40")
        })
    };
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(network).collect()
}

#[cfg(test)]
mod tests;
