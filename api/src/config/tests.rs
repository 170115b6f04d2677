//! Precedence, refusals and their words, and that the commented defaults are the whole documentation.

use std::path::{Path, PathBuf};

use super::*;

fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let arguments = ["draxis"].iter().chain(arguments).map(OsString::from);
    let home = [("HOME", "/home/someone")];
    let variables = home.iter().chain(variables).map(|(name, value)| (name.into(), value.into()));
    Config::read(arguments, variables.collect::<Vec<_>>())
}

fn good(arguments: &[&str], variables: &[(&str, &str)]) -> Config {
    read(arguments, variables).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    match read(arguments, variables) {
        Ok(_) => panic!("this should have been refused"),
        Err(error) => error.to_string(),
    }
}

struct File(tempfile::TempDir);

impl File {
    fn with(text: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("draxis.toml"), text).unwrap();
        Self(dir)
    }

    fn path(&self) -> String {
        self.0.path().join("draxis.toml").display().to_string()
    }
}

fn refusal_of_file(text: &str) -> String {
    let file = File::with(text);
    refusal(&["serve", "--config", &file.path()], &[]).replace(&file.path(), "FILE")
}

fn data_dir(config: &Config) -> PathBuf {
    match &config.database {
        Database::Embedded(embedded) => embedded.data_dir.clone(),
        Database::External(_) => panic!("an embedded database was expected"),
    }
}

#[test]
fn nothing_said_means_the_defaults() {
    let config = good(&["serve"], &[]);
    assert_eq!(config.command, Command::Serve);
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.egress_allow, []);
    assert_eq!(config.log_format, LogFormat::Text);
    assert!(config.mail.is_none());
    let root = crate::embedded_postgres::running_as_root().unwrap();
    let expected = if root { "/var/lib/draxis" } else { "/home/someone/.local/share/draxis" };
    assert_eq!(data_dir(&config), PathBuf::from(expected));
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file_and_that_over_the_default() {
    let file = File::with("listen = '127.0.0.1:3'\nlog_format = 'json'\ndata_dir = '/file'");
    let named = ("DRAXIS_CONFIG", file.path());
    let listens = |arguments: &[&str], variables: &[(&str, &str)]| good(arguments, variables).listen.port();
    let (named, variable) = ((named.0, named.1.as_str()), ("DRAXIS_LISTEN", "127.0.0.1:2"));
    assert_eq!(listens(&["serve", "--listen", "127.0.0.1:1"], &[named, variable]), 1);
    assert_eq!(listens(&["serve"], &[named, variable]), 2);
    assert_eq!(listens(&["serve"], &[named]), 3);
    assert_eq!(listens(&["serve"], &[]), 8080);
    let config = good(&["serve"], &[named, variable]);
    assert_eq!((config.log_format, data_dir(&config)), (LogFormat::Json, PathBuf::from("/file")));
}

#[test]
fn every_setting_is_taken_from_the_environment() {
    let config = good(
        &["serve"],
        &[
            ("DRAXIS_DATA_DIR", "/data"),
            ("DRAXIS_EGRESS_ALLOW", "10.0.0.0/8, 192.168.1.5 ,fd00::/8"),
            ("DRAXIS_LOG_FORMAT", "json"),
            ("DRAXIS_SMTP_HOST", "mail"),
            ("DRAXIS_SMTP_FROM", "a@b"),
            ("DRAXIS_SMTP_USERNAME", "me"),
            ("DRAXIS_SMTP_PASSWORD", "secret"),
            ("DRAXIS_SMTP_SECURITY", "tls"),
        ],
    );
    assert_eq!(data_dir(&config), PathBuf::from("/data"));
    let networks: Vec<String> = config.egress_allow.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "192.168.1.5/32", "fd00::/8"]);
    let mail = config.mail.unwrap();
    assert_eq!((mail.host.as_str(), mail.port, mail.security), ("mail", 465, MailSecurity::Tls));
    assert!(mail.credentials.is_some_and(|(name, password)| name == "me" && password.expose() == "secret"));
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    assert_eq!(good(&["serve"], &[("DRAXIS_LISTEN", ""), ("DATABASE_URL", "")]).listen.port(), 8080);
    let file = File::with("egress_allow = ['10.0.0.0/8']");
    let named = ("DRAXIS_CONFIG", file.path());
    let emptied = good(&["serve"], &[(named.0, &named.1), ("DRAXIS_EGRESS_ALLOW", "")]);
    assert_eq!(emptied.egress_allow, [], "but the list of networks can be emptied");
}

#[test]
fn commands_are_told_apart() {
    assert_eq!(good(&["demo"], &[]).command, Command::Demo { exit: false });
    assert_eq!(good(&["demo", "--exit"], &[]).command, Command::Demo { exit: true });
    assert_eq!(good(&["--data-dir", "/d", "migrate"], &[]).command, Command::Migrate);
    assert!(refusal(&["sing"], &[]).contains("sing"));
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    assert_eq!(
        refusal_of_file("\nlisten = '[::1]:80'\nlisten_on = 'x'\n").split(';').next(),
        Some("FILE, line 3: there is no setting `listen_on`")
    );
    assert!(
        refusal_of_file("[smtp]\nhst = 'x'").starts_with("FILE, line 2: there is no setting `smtp.hst`;")
    );
    assert!(refusal_of_file("[log]\nlevel = 'x'").starts_with("FILE, line 1: log: write a text"));
    assert!(refusal_of_file("[mail]\nhost = 'x'").starts_with("FILE, line 1: there is no setting `mail`"));
}

#[test]
fn a_value_that_is_not_understood_is_refused_with_its_place_and_what_to_write() {
    assert_eq!(
        refusal_of_file("# a comment\nlisten = 'here'"),
        "FILE, line 2: listen: `here` is no address: write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080"
    );
    assert!(refusal_of_file("listen = true").starts_with("FILE, line 1: listen: write a text"));
    assert!(refusal(&["serve"], &[("DRAXIS_EGRESS_ALLOW", "lan")]).starts_with("DRAXIS_EGRESS_ALLOW: `lan`"));
    assert!(refusal(&["serve", "--log", "loud=very"], &[]).starts_with("--log: `loud=very`"));
    assert!(refusal_of_file("\nlisten = ").starts_with("FILE, line 2: "));
    assert!(refusal(&["serve", "--config", "/nowhere.toml"], &[]).contains("/nowhere.toml"));
}

#[test]
fn a_database_url_that_is_not_understood_is_not_repeated() {
    for url in ["postgres://me:hush@[host/db", "mysql://me:hush@host/db"] {
        let error = refusal(&["serve"], &[("DATABASE_URL", url), ("ENCRYPTION_KEY", "k")]);
        assert!(error.starts_with("DATABASE_URL: this is no URL") && !error.contains("hush"), "{error}");
    }
    let error = refusal_of_file("database_url = 'postgres://me:hush@host'x");
    assert!(error.starts_with("FILE, line 1") && !error.contains("hush"), "{error}");
}

#[test]
fn a_database_elsewhere_needs_a_key_and_the_refusal_says_how_to_make_one() {
    let url = ("DATABASE_URL", "postgres://me@host/db");
    assert!(refusal(&["serve"], &[url]).contains("openssl rand -base64 32"));
    assert!(refusal(&["serve"], &[url, ("ENCRYPTION_KEY", " ")]).contains("openssl rand -base64 32"));
    assert!(matches!(good(&["serve"], &[url, ("ENCRYPTION_KEY", "k")]).encryption_key, KeySource::Given(_)));
}

#[test]
fn the_key_is_taken_from_the_flag_then_the_environment_then_a_file_then_from_beside_the_data() {
    let key = ("ENCRYPTION_KEY", "k");
    let file = ("DRAXIS_ENCRYPTION_KEY_FILE", "/key");
    let source = |arguments: &[&str], variables: &[(&str, &str)]| good(arguments, variables).encryption_key;
    let flag = ["serve", "--encryption-key-file", "/flag"];
    assert!(matches!(source(&flag, &[key, file]), KeySource::File(path) if path == Path::new("/flag")));
    assert!(matches!(source(&["serve"], &[key, file]), KeySource::Given(key) if key.expose() == "k"));
    assert!(matches!(source(&["serve"], &[file]), KeySource::File(path) if path == Path::new("/key")));
    let beside = source(&["serve"], &[("DRAXIS_DATA_DIR", "/d")]);
    assert!(matches!(beside, KeySource::BesideData(path) if path == Path::new("/d")));
}

#[test]
fn half_a_mail_server_is_refused() {
    let host = ("DRAXIS_SMTP_HOST", "mail");
    let from = ("DRAXIS_SMTP_FROM", "a@b");
    let me = ("DRAXIS_SMTP_USERNAME", "me");
    assert_eq!(refusal(&["serve"], &[from]), "DRAXIS_SMTP_FROM needs smtp.host");
    assert!(refusal(&["serve"], &[host]).starts_with("DRAXIS_SMTP_HOST needs smtp.from"));
    assert!(refusal(&["serve"], &[host, from, me]).starts_with("DRAXIS_SMTP_USERNAME needs a password"));
    let clear = [host, from, me, ("DRAXIS_SMTP_PASSWORD", "p"), ("DRAXIS_SMTP_SECURITY", "none")];
    assert!(refusal(&["serve"], &clear).contains("not sent in the clear"));
    assert_eq!(good(&["serve"], &[host, from]).mail.unwrap().port, 587);
}

#[test]
fn the_commented_defaults_name_every_setting_and_its_variable() {
    // Every setting, also those that are commented out for want of a default.
    let uncommented: Vec<&str> = DEFAULTS
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => rest,
            _ => line,
        })
        .collect();
    let all = file::parse("all", &uncommented.join("\n")).unwrap_or_else(|error| panic!("{error}"));
    for setting in Setting::ALL {
        assert!(all.text(setting).is_some(), "{} is not documented", setting.key());
        assert!(DEFAULTS.contains(setting.variable()), "{} is not documented", setting.variable());
    }
}

#[test]
fn the_help_names_the_variable_and_the_default_of_every_flag() {
    let help = refusal(&["serve", "--help"], &[]);
    for setting in Setting::ALL {
        let flag = format!("--{}", setting.key().replace('_', "-"));
        if !help.contains(&flag) {
            assert!(
                ["smtp.", "checkpoints.", "model."].iter().any(|table| setting.key().starts_with(table)),
                "{flag} is missing"
            );
            continue;
        }
        assert!(help.contains(&format!("[env: {}]", setting.variable())), "{}", setting.variable());
    }
    let defaults = file::parse("the defaults", DEFAULTS).unwrap_or_else(|error| panic!("{error}"));
    for setting in [Setting::Listen, Setting::Log, Setting::LogFormat] {
        let default = format!("[default: {}]", defaults.text(setting).unwrap());
        assert!(help.contains(&default), "{default}");
    }
}
