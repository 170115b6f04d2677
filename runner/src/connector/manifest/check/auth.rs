//! Checks the `[auth]` table: each kind has the keys it needs and no other.

use toml::Spanned;

use super::{Allowed, Room};
use crate::connector::manifest::file::{AuthFile, Text};
use crate::connector::manifest::{Auth, ClientStyle, Mistake};
use crate::connector::template::Template;

/// The keys of `[auth]` not yet taken.
struct Keys<'a> {
    room: &'a Room<'a>,
    table: &'a Spanned<AuthFile>,
    left: Vec<(&'static str, &'a Text)>,
}

pub(super) fn auth(room: &Room<'_>, table: &Spanned<AuthFile>) -> Result<Auth, Mistake> {
    let mut keys = Keys { room, table, left: present(table.get_ref()) };
    let kind = &table.get_ref().kind;
    let auth = match kind.get_ref().as_str() {
        "none" => Auth::None,
        "bearer" => Auth::Bearer { token: keys.secret("token")? },
        "header" => {
            Auth::Header { name: keys.plain("name")?.to_ascii_lowercase(), value: keys.secret("value")? }
        }
        "basic" => Auth::Basic { username: keys.secret("username")?, password: keys.secret("password")? },
        "query" => Auth::Query { name: keys.plain("name")?, value: keys.secret("value")? },
        "oauth2_client_credentials" => client_credentials(&mut keys)?,
        "google_service_account" => Auth::ServiceAccount {
            token_url: keys.template("token_url", &[Allowed::Config])?,
            key: keys.secret("key")?,
            subject: keys.template("subject", &[Allowed::Config])?,
            scope: keys.plain("scope")?,
        },
        "aws_sigv4" => Auth::AwsSigV4 {
            access_key: keys.secret("access_key")?,
            secret_key: keys.secret("secret_key")?,
            region: keys.template("region", &[Allowed::Config])?,
            service: keys.plain("service")?,
        },
        other => {
            return Err(room.source.at(
                kind,
                format!(
                    "unknown auth kind `{other}`: use none, bearer, header, basic, query, \
                     oauth2_client_credentials, google_service_account or aws_sigv4"
                ),
            ));
        }
    };
    match keys.left.first() {
        None => Ok(auth),
        Some((name, text)) => {
            Err(room.source.at(text, format!("auth of kind {} has no key `{name}`", kind.get_ref())))
        }
    }
}

fn client_credentials(keys: &mut Keys<'_>) -> Result<Auth, Mistake> {
    let style = match keys.take("client_in") {
        None => ClientStyle::Form,
        Some(text) => match text.get_ref().as_str() {
            "form" => ClientStyle::Form,
            "basic" => ClientStyle::Basic,
            _ => return Err(keys.room.source.at(text, "client_in is form or basic")),
        },
    };
    let scope = keys.take("scope").map(|text| keys.room.template(text, &[Allowed::Config])).transpose()?;
    Ok(Auth::ClientCredentials {
        token_url: keys.template("token_url", &[Allowed::Config])?,
        client_id: keys.secret("client_id")?,
        client_secret: keys.secret("client_secret")?,
        scope,
        style,
    })
}

impl<'a> Keys<'a> {
    fn take(&mut self, name: &str) -> Option<&'a Text> {
        let at = self.left.iter().position(|(n, _)| *n == name)?;
        Some(self.left.swap_remove(at).1)
    }

    fn need(&mut self, name: &str) -> Result<&'a Text, Mistake> {
        self.take(name).ok_or_else(|| {
            let kind = self.table.get_ref().kind.get_ref();
            self.room.source.at(self.table, format!("auth of kind {kind} needs the key `{name}`"))
        })
    }

    fn plain(&mut self, name: &str) -> Result<String, Mistake> {
        self.need(name).map(|text| text.get_ref().clone())
    }

    fn template(&mut self, name: &str, allowed: &[Allowed]) -> Result<Template, Mistake> {
        let text = self.need(name)?;
        self.room.template(text, allowed)
    }

    fn secret(&mut self, name: &str) -> Result<Template, Mistake> {
        self.template(name, &[Allowed::Config, Allowed::Secret])
    }
}

fn present(file: &AuthFile) -> Vec<(&'static str, &Text)> {
    let all = [
        ("token", &file.token),
        ("name", &file.name),
        ("value", &file.value),
        ("username", &file.username),
        ("password", &file.password),
        ("token_url", &file.token_url),
        ("client_id", &file.client_id),
        ("client_secret", &file.client_secret),
        ("scope", &file.scope),
        ("client_in", &file.client_in),
        ("key", &file.key),
        ("subject", &file.subject),
        ("access_key", &file.access_key),
        ("secret_key", &file.secret_key),
        ("region", &file.region),
        ("service", &file.service),
    ];
    all.into_iter().filter_map(|(name, text)| text.as_ref().map(|text| (name, text))).collect()
}
