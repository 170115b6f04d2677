//! Who writes and who is written to.

use std::fmt;

use lettre::message::Mailbox;

use super::AddressError;

/// A mail address, with a name before it or without.
#[derive(Clone, PartialEq, Eq)]
pub struct MailAddress(Mailbox);

impl MailAddress {
    /// Reads `ann@example.com` or `Ann Example <ann@example.com>`. The address itself is ASCII: a domain in another
    /// script is written in its `xn--` form, since not every server takes SMTPUTF8 (RFC 6531).
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mailbox: Mailbox = text.trim().parse().map_err(|source| AddressError::Unreadable { source })?;
        let named = mailbox.name.as_deref().unwrap_or_default();
        if named.chars().any(char::is_control) {
            return Err(AddressError::ControlCharacter);
        }
        let address: &str = mailbox.email.as_ref();
        if !address.is_ascii() {
            return Err(AddressError::NotAscii);
        }
        Ok(Self(mailbox))
    }

    /// An address with the name of whoever reads there, which may hold whatever names do.
    pub fn named(name: Option<&str>, email: &str) -> Result<Self, AddressError> {
        let bare = Self::parse(email)?;
        if name.is_some_and(|name| name.chars().any(char::is_control)) {
            return Err(AddressError::ControlCharacter);
        }
        Ok(Self(Mailbox::new(name.map(str::to_owned), bare.0.email)))
    }

    /// What stands behind the `@`.
    pub(super) fn domain(&self) -> String {
        self.0.email.domain().to_owned()
    }

    pub(super) fn mailbox(&self) -> Mailbox {
        self.0.clone()
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_or_without_a_name() {
        for text in ["ann@example.com", "Ann Example <ann@example.com>", "Änn <ann@example.com>"] {
            assert!(MailAddress::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_name_may_hold_what_an_address_may_not() {
        let address =
            MailAddress::named(Some("Example, Ann \"A\" <x@y.example>"), "ann@example.com").unwrap();
        assert_eq!(address.0.email.to_string(), "ann@example.com");
        assert!(MailAddress::parse(&address.to_string()).is_ok_and(|read| read.0.email == address.0.email));
        assert!(MailAddress::named(Some("Ann\r\nBcc: x@example.com"), "ann@example.com").is_err());
    }

    #[test]
    fn what_could_break_a_line_or_is_no_address_is_refused() {
        let wrong = [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@example.com\r\nBcc: x@example.com",
            "a\r\nb <ann@example.com>",
            "ann@example.com, bob@example.com",
            "änn@example.com",
            "<ann@example.com> SIZE=1",
        ];
        for text in wrong {
            assert!(MailAddress::parse(text).is_err(), "{text:?}");
        }
    }
}
