//! The command line: what to do, and the settings that have a flag.

use std::ffi::OsString;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};
use draxis_commands::sealing::ExportFormat;

use super::ConfigError;
use super::setting::{Origin, Setting, Settings};

/// What the program is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
#[expect(clippy::doc_markdown, reason = "these texts are printed as help, as they stand")]
pub enum Command {
    /// Serve the API and the console, starting a Postgres of its own unless DATABASE_URL names one
    Serve,
    /// Show it at work: a demo organization, a vendor that answers from recorded replies, and the way to a live KRI
    Demo {
        /// End after the walk, with a summary in JSON; exit status 0 only if every step held
        #[arg(long)]
        exit: bool,
    },
    /// Bring the database's schema up to date and end
    Migrate,
    /// Seal every credential and signing key again under the current encryption key; may run while others serve
    ///
    /// Put the new key before the old one (ENCRYPTION_KEY=NEW,OLD) for every process, start them again, run this, and take
    /// the old key out. It can be stopped and started again at any time.
    RotateKey,
    /// Seal checkpoints with a new key from now on, for which the old one vouches; may run while others serve
    ///
    /// For 90 days both sign. Whoever holds the old public key verifies on by the chain that every bundle carries.
    RotateCheckpointKey,
    /// Work on connectors
    #[command(subcommand)]
    Connector(ConnectorCommand),
    /// Verify streams as they lie in the database: every record, the tree over them, every checkpoint, the head
    Verify(VerifyCommand),
    /// Build read models anew from the log, while the program serves; goes on where one before was cut off
    Rebuild(RebuildCommand),
    /// Write a stream, or a part of it, to a file or to standard output
    Export(ExportCommand),
    /// Gather what answers a question (events, causes, effects, differences, proofs) into one HTML document that stands alone
    Investigate(InvestigateCommand),
    /// Walk through a stream: each event, who, why, and what it changed
    Replay(ReplayCommand),
    /// Print the keys that checkpoints and bundles are verified with, one name+hash+key a line
    PublicKey,
}

/// What is done with connectors.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum ConnectorCommand {
    /// Try a manifest offline against recorded replies. Exit status 0 if it measures something in every case
    Check(CheckCommand),
}

/// Which manifest is tried, and against what.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct CheckCommand {
    /// The manifest, as TOML
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A folder of recorded replies, or one with a folder for each case
    #[arg(long, value_name = "DIR")]
    pub replies: PathBuf,
}

/// What `draxis verify` looks at. Exit status 0 if all of it holds, 1 if something was changed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two flags of a command line, neither of which hangs on the other"
)]
pub struct VerifyCommand {
    /// One tenant, by id or slug, or `platform` [default: every stream]
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// Fold the read models anew as well, and compare them row by row
    #[arg(long)]
    pub projections: bool,
    /// Compare with checkpoints that were kept outside the database: a directory of .note files; may be given several times
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Vec<PathBuf>,
    /// Trust the keys in this file too, one name+hash+key a line
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Print the result as JSON, one object a stream
    #[arg(long)]
    pub json: bool,
}

/// What `draxis rebuild` builds anew. What it replaces serves until the new rows are complete.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct RebuildCommand {
    /// One tenant, by id or slug, or `platform` [default: every stream]
    #[arg(long, value_name = "TENANT")]
    pub tenant: Option<String>,
    /// One projection, such as `risk_model` [default: all of the stream]
    #[arg(long, value_name = "NAME")]
    pub projection: Option<String>,
}

/// What `draxis export` writes.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ExportCommand {
    /// The tenant, by id or slug, or `platform`
    #[arg(long, value_name = "TENANT")]
    pub tenant: String,
    /// `ndjson` (the records as they were hashed), `cloudevents` or `bundle` (one file that proves itself)
    #[arg(long, default_value = "bundle", value_name = "FORMAT")]
    pub format: ExportFormat,
    /// The first position [default: 1]
    #[arg(long, value_name = "POSITION")]
    pub from: Option<u64>,
    /// The last position [default: the last there is]
    #[arg(long, value_name = "POSITION")]
    pub to: Option<u64>,
    /// Only events of aggregates of this type, such as `kri`
    #[arg(long, value_name = "TYPE")]
    pub aggregate_type: Option<String>,
    /// Only events of this aggregate
    #[arg(long, value_name = "ID")]
    pub aggregate_id: Option<String>,
    /// What else to select by
    #[command(flatten)]
    pub chosen: Chosen,
    /// The file to write, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What events are chosen by besides their place and their thing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Chosen {
    /// Only events recorded at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub since: Option<DateTime<Utc>>,
    /// Only events recorded before this time (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub before: Option<DateTime<Utc>>,
    /// Only events of this type, such as `kri.value_recorded`
    #[arg(long = "type", value_name = "TYPE")]
    pub event_type: Option<String>,
    /// Only events by this actor, such as `account:01J…` or `runner`
    #[arg(long, value_name = "ACTOR")]
    pub actor: Option<String>,
    /// Only events that belong to this run or request
    #[arg(long, value_name = "ID")]
    pub correlation: Option<String>,
}

/// What `draxis investigate` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct InvestigateCommand {
    /// The question in words, as the document's title
    #[arg(value_name = "QUESTION")]
    pub question: Option<String>,
    /// The tenant, by id or slug, or `platform`
    #[arg(long, value_name = "TENANT")]
    pub tenant: String,
    /// The first position [default: 1]
    #[arg(long, value_name = "POSITION")]
    pub from: Option<u64>,
    /// The last position [default: the last there is]
    #[arg(long, value_name = "POSITION")]
    pub to: Option<u64>,
    /// Only events of one thing, such as `kri/01J…`, or of one kind of thing, such as `kri`
    #[arg(long, value_name = "THING")]
    pub thing: Option<String>,
    /// What else to select by
    #[command(flatten)]
    pub chosen: Chosen,
    /// How many events at most
    #[arg(long, default_value_t = 200, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: u32,
    /// The file to write, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// What `draxis replay` walks through.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ReplayCommand {
    /// The tenant, by id or slug, or `platform`
    #[arg(long, value_name = "TENANT")]
    pub tenant: String,
    /// The first position
    #[arg(long, default_value_t = 1, value_name = "POSITION")]
    pub from: u64,
    /// The last position [default: the last there is]
    #[arg(long, value_name = "POSITION")]
    pub to: Option<u64>,
    /// Wait for Enter after each event; q and Enter ends
    #[arg(long)]
    pub step: bool,
}

/// Risk workflows that prove what they did.
#[derive(Parser)]
#[command(name = "draxis", version, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "these texts are printed as help, as they stand")]
#[command(next_help_heading = "Settings (a flag wins over the environment, that over the file)")]
struct Flags {
    /// A configuration file in TOML [env: DRAXIS_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to serve HTTP [env: DRAXIS_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// A Postgres that runs elsewhere; prefer the environment, since other users can see flags [env: DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where the embedded Postgres keeps its data [env: DRAXIS_DATA_DIR] [default: /var/lib/draxis as root, else
    /// ~/.local/share/draxis]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// The address that people reach this under, which letters lead to [env: DRAXIS_PUBLIC_URL] [default: the one served on]
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// The folder with `postgres` and `initdb` [env: DRAXIS_POSTGRES_BINARIES] [default: the usual places]
    #[arg(long, global = true, value_name = "DIR")]
    postgres_binaries: Option<String>,
    /// A file with the key that seals credentials, instead of ENCRYPTION_KEY [env: DRAXIS_ENCRYPTION_KEY_FILE]
    #[arg(long, global = true, value_name = "FILE")]
    encryption_key_file: Option<String>,
    /// Networks that outgoing calls may reach besides public ones, separated by commas [env: DRAXIS_EGRESS_ALLOW]
    #[arg(long, global = true, value_name = "NETWORKS")]
    egress_allow: Option<String>,
    /// A folder with connectors of your own [env: DRAXIS_CONNECTORS_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    connectors_dir: Option<String>,
    /// What to log: a level, or levels by module [env: DRAXIS_LOG] [default: info,sqlx=warn]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How to write the log: `text` or `json` [env: DRAXIS_LOG_FORMAT] [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
}

/// A command line that was understood.
pub(super) struct CommandLine {
    pub(super) command: Command,
    pub(super) config: Option<PathBuf>,
    flags: Flags,
}

impl CommandLine {
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ConfigError> {
        let mut parsed = Arguments::try_parse_from(arguments).map_err(ConfigError::CommandLine)?;
        Ok(Self { command: parsed.command, config: parsed.flags.config.take(), flags: parsed.flags })
    }

    /// The settings that were given as flags.
    pub(super) fn settings(self) -> Settings {
        let flags = self.flags;
        let mut settings = Settings::default();
        for (setting, name, text) in [
            (Setting::Listen, "--listen", flags.listen),
            (Setting::PublicUrl, "--public-url", flags.public_url),
            (Setting::DatabaseUrl, "--database-url", flags.database_url),
            (Setting::DataDir, "--data-dir", flags.data_dir),
            (Setting::PostgresBinaries, "--postgres-binaries", flags.postgres_binaries),
            (Setting::EncryptionKeyFile, "--encryption-key-file", flags.encryption_key_file),
            (Setting::EgressAllow, "--egress-allow", flags.egress_allow),
            (Setting::ConnectorsDir, "--connectors-dir", flags.connectors_dir),
            (Setting::Log, "--log", flags.log),
            (Setting::LogFormat, "--log-format", flags.log_format),
        ] {
            if let Some(text) = text {
                settings.set(setting, text, Origin::Flag(name));
            }
        }
        settings
    }
}
