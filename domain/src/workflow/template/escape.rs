//! Escaping: how a value that comes from outside the template is written where it goes (hazards H9: text of tenants and
//! vendors is data, never markup).

use minijinja::value::Value;
use minijinja::{Error, ErrorKind, Output};

/// Where a filled-in template goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Plain text of several lines: the text part of a mail, Markdown, the panel.
    Plain,
    /// One line of plain text: a subject, a title. Line breaks become spaces, so that nothing can add a header.
    Line,
    /// HTML text and attributes.
    Html,
    /// Slack's mrkdwn: `&`, `<` and `>` are escaped, so that no value makes a mention or a link.
    SlackMrkdwn,
    /// Jira's wiki markup, as its REST API version 2 takes it. (Version 3 takes a document whose texts need no escaping.)
    JiraWiki,
}

impl Destination {
    /// Writes one value.
    pub(super) fn write(self, out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
        let text = super::bounds::plain(value)?;
        out.write_str(&self.escape(&text)).map_err(|_| Error::from(ErrorKind::WriteFailure))
    }

    /// The text as it can stand there without meaning anything but itself.
    pub fn escape(self, text: &str) -> String {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match (self, c) {
                (Self::Html | Self::SlackMrkdwn, '&') => escaped.push_str("&amp;"),
                (Self::Html | Self::SlackMrkdwn, '<') => escaped.push_str("&lt;"),
                (Self::Html | Self::SlackMrkdwn, '>') => escaped.push_str("&gt;"),
                (Self::Html, '"') => escaped.push_str("&quot;"),
                (Self::Html, '\'') => escaped.push_str("&#x27;"),
                (Self::Html, '/') => escaped.push_str("&#x2f;"),
                (
                    Self::JiraWiki,
                    '\\' | '{' | '}' | '[' | ']' | '|' | '*' | '_' | '^' | '~' | '+' | '-' | '!' | '#' | '?',
                ) => {
                    escaped.push('\\');
                    escaped.push(c);
                }
                (Self::Line, c) if c.is_control() => escaped.push(' '),
                (Self::Plain | Self::Line | Self::Html | Self::SlackMrkdwn | Self::JiraWiki, c) => {
                    escaped.push(c);
                }
            }
        }
        escaped
    }

    /// The whole text, once it is filled in.
    pub(super) fn finish(self, text: String) -> String {
        match self {
            Self::Line => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Self::Plain | Self::Html | Self::SlackMrkdwn | Self::JiraWiki => text,
        }
    }
}
