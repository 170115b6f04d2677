//! The configuration file: TOML of the known keys and no others, refused with the line and the reason.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::setting::{Origin, Setting, Settings};

pub(super) fn read(path: &Path) -> Result<Settings, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(ConfigError::file("read", path))?;
    parse(&path.display().to_string(), &text)
}

pub(super) fn parse(file: &str, text: &str) -> Result<Settings, ConfigError> {
    // Not toml's own Display: it quotes the line, and a line may hold a password.
    let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        file: file.to_owned(),
        line: line_at(text, error.span().map_or(0, |span| span.start)),
        reason: error.message().to_owned(),
    })?;
    let mut reader = Reader { file, text, settings: Settings::default() };
    reader.table("", table.get_ref())?;
    Ok(reader.settings)
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    settings: Settings,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in table {
            let key = format!("{prefix}{}", name.get_ref());
            let within = format!("{key}.");
            let line = line_at(self.text, value.span().start);
            if let Some(setting) = Setting::ALL.into_iter().find(|setting| setting.key() == key) {
                let origin = Origin::File { file: self.file.to_owned(), line, key: setting.key() };
                let text = plain(value.get_ref()).map_err(|reason| ConfigError::Value {
                    origin: origin.clone(),
                    reason: reason.to_owned(),
                })?;
                self.settings.set(setting, text, origin);
            } else if let DeValue::Table(inner) = value.get_ref()
                && Setting::ALL.iter().any(|setting| setting.key().starts_with(&within))
            {
                self.table(&within, inner)?;
            } else {
                let line = line_at(self.text, name.span().start);
                return Err(ConfigError::UnknownKey {
                    file: self.file.to_owned(),
                    line,
                    key,
                    known: known(),
                });
            }
        }
        Ok(())
    }
}

/// A value as the environment would give it.
fn plain(value: &DeValue<'_>) -> Result<String, &'static str> {
    const WANTED: &str = "write a text in quotes, a number, or a list of texts";
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    };
    if let DeValue::Array(items) = value {
        let texts: Option<Vec<String>> = items.iter().map(|item| one(item.get_ref())).collect();
        return texts.map(|texts| texts.join(",")).ok_or(WANTED);
    }
    one(value).ok_or(WANTED)
}

fn known() -> String {
    Setting::ALL.map(Setting::key).join(", ")
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
