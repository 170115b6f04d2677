//! The one list of settings, and texts for them that know where they come from.

use std::collections::BTreeMap;
use std::fmt;

use super::ConfigError;

/// A setting, whatever source it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Setting {
    Listen,
    PublicUrl,
    DatabaseUrl,
    DataDir,
    PostgresBinaries,
    EncryptionKeyFile,
    EgressAllow,
    ConnectorsDir,
    Log,
    LogFormat,
    CheckpointDir,
    CheckpointWebhookUrl,
    CheckpointWebhookSecretFile,
    LogName,
    SmtpHost,
    SmtpFrom,
    SmtpSecurity,
    SmtpPort,
    SmtpUsername,
    SmtpPasswordFile,
    ModelProvider,
    ModelName,
    ModelBaseUrl,
    ModelKeyFile,
    ModelTokensPerDay,
    ModelTurnsPerDay,
    ModelInputPrice,
    ModelOutputPrice,
}

impl Setting {
    pub(super) const ALL: [Self; 28] = [
        Self::Listen,
        Self::PublicUrl,
        Self::DatabaseUrl,
        Self::DataDir,
        Self::PostgresBinaries,
        Self::EncryptionKeyFile,
        Self::EgressAllow,
        Self::ConnectorsDir,
        Self::Log,
        Self::LogFormat,
        Self::CheckpointDir,
        Self::CheckpointWebhookUrl,
        Self::CheckpointWebhookSecretFile,
        Self::LogName,
        Self::SmtpHost,
        Self::SmtpFrom,
        Self::SmtpSecurity,
        Self::SmtpPort,
        Self::SmtpUsername,
        Self::SmtpPasswordFile,
        Self::ModelProvider,
        Self::ModelName,
        Self::ModelBaseUrl,
        Self::ModelKeyFile,
        Self::ModelTokensPerDay,
        Self::ModelTurnsPerDay,
        Self::ModelInputPrice,
        Self::ModelOutputPrice,
    ];

    /// Its name in the file; a dot stands for a table.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::PublicUrl => "public_url",
            Self::DatabaseUrl => "database_url",
            Self::DataDir => "data_dir",
            Self::PostgresBinaries => "postgres_binaries",
            Self::EncryptionKeyFile => "encryption_key_file",
            Self::EgressAllow => "egress_allow",
            Self::ConnectorsDir => "connectors_dir",
            Self::Log => "log",
            Self::LogFormat => "log_format",
            Self::CheckpointDir => "checkpoints.directory",
            Self::CheckpointWebhookUrl => "checkpoints.webhook_url",
            Self::CheckpointWebhookSecretFile => "checkpoints.webhook_secret_file",
            Self::LogName => "checkpoints.log_name",
            Self::SmtpHost => "smtp.host",
            Self::SmtpFrom => "smtp.from",
            Self::SmtpSecurity => "smtp.security",
            Self::SmtpPort => "smtp.port",
            Self::SmtpUsername => "smtp.username",
            Self::SmtpPasswordFile => "smtp.password_file",
            Self::ModelProvider => "model.provider",
            Self::ModelName => "model.name",
            Self::ModelBaseUrl => "model.base_url",
            Self::ModelKeyFile => "model.key_file",
            Self::ModelTokensPerDay => "model.tokens_per_day",
            Self::ModelTurnsPerDay => "model.turns_per_day",
            Self::ModelInputPrice => "model.input_price",
            Self::ModelOutputPrice => "model.output_price",
        }
    }

    /// Its name in the environment.
    pub(super) fn variable(self) -> &'static str {
        match self {
            Self::Listen => "DRAXIS_LISTEN",
            Self::PublicUrl => "DRAXIS_PUBLIC_URL",
            Self::DatabaseUrl => "DATABASE_URL",
            Self::DataDir => "DRAXIS_DATA_DIR",
            Self::PostgresBinaries => "DRAXIS_POSTGRES_BINARIES",
            Self::EncryptionKeyFile => "DRAXIS_ENCRYPTION_KEY_FILE",
            Self::EgressAllow => "DRAXIS_EGRESS_ALLOW",
            Self::ConnectorsDir => "DRAXIS_CONNECTORS_DIR",
            Self::Log => "DRAXIS_LOG",
            Self::LogFormat => "DRAXIS_LOG_FORMAT",
            Self::CheckpointDir => "DRAXIS_CHECKPOINT_DIR",
            Self::CheckpointWebhookUrl => "DRAXIS_CHECKPOINT_WEBHOOK_URL",
            Self::CheckpointWebhookSecretFile => "DRAXIS_CHECKPOINT_WEBHOOK_SECRET_FILE",
            Self::LogName => "DRAXIS_LOG_NAME",
            Self::SmtpHost => "DRAXIS_SMTP_HOST",
            Self::SmtpFrom => "DRAXIS_SMTP_FROM",
            Self::SmtpSecurity => "DRAXIS_SMTP_SECURITY",
            Self::SmtpPort => "DRAXIS_SMTP_PORT",
            Self::SmtpUsername => "DRAXIS_SMTP_USERNAME",
            Self::SmtpPasswordFile => "DRAXIS_SMTP_PASSWORD_FILE",
            Self::ModelProvider => "DRAXIS_MODEL_PROVIDER",
            Self::ModelName => "DRAXIS_MODEL_NAME",
            Self::ModelBaseUrl => "DRAXIS_MODEL_BASE_URL",
            Self::ModelKeyFile => "DRAXIS_MODEL_KEY_FILE",
            Self::ModelTokensPerDay => "DRAXIS_MODEL_TOKENS_PER_DAY",
            Self::ModelTurnsPerDay => "DRAXIS_MODEL_TURNS_PER_DAY",
            Self::ModelInputPrice => "DRAXIS_MODEL_INPUT_PRICE",
            Self::ModelOutputPrice => "DRAXIS_MODEL_OUTPUT_PRICE",
        }
    }
}

/// Where a text comes from, as a message names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag, with its dashes.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// A key of a file.
    File {
        /// The file.
        file: String,
        /// The line of the value, from 1.
        line: usize,
        /// The key.
        key: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File { file, line, key } => write!(f, "{file}, line {line}: {key}"),
        }
    }
}

/// The texts of one source, or of several laid over each other. It may hold a database's password: no `Debug`.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<Setting, (String, Origin)>);

impl Settings {
    pub(super) fn set(&mut self, setting: Setting, text: String, origin: Origin) {
        self.0.insert(setting, (text, origin));
    }

    /// What the other says wins.
    pub(super) fn overlaid_with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(super) fn origin(&self, setting: Setting) -> Option<&Origin> {
        self.0.get(&setting).map(|(_, origin)| origin)
    }

    /// The value if there is one; a text that is not understood is an error that says where it stands.
    pub(super) fn optional<T>(
        &self,
        setting: Setting,
        understand: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, origin)) = self.0.get(&setting) else { return Ok(None) };
        let value = understand(text);
        value.map(Some).map_err(|reason| ConfigError::Value { origin: origin.clone(), reason })
    }

    pub(super) fn text(&self, setting: Setting) -> Option<&str> {
        self.0.get(&setting).map(|(text, _)| text.as_str())
    }

    /// The value of a setting that has a default.
    pub(super) fn required<T>(
        &self,
        setting: Setting,
        understand: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        self.optional(setting, understand)?.ok_or(ConfigError::NotSet(setting.key()))
    }
}
