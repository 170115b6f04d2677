//! A letter: what is sent, under an id that stays the same however often it is tried.

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, MultiPart, SinglePart};

use super::{LetterError, MailAddress};

/// RFC 5322 lines end at 998; the header's own name needs some of that.
const MESSAGE_ID_BYTES: usize = 250;
/// The longest line that every server takes as it is (RFC 5322, section 2.1.1).
const LINE_BYTES: usize = 998;

/// A Message-ID. The same effect always carries the same one, so that a second letter can be told from a second try
/// (hazard H3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// `<left@right>`, both sides letters, digits and `.-_+=` (a part of what RFC 5322, section 3.6.4, allows).
    pub fn parse(text: &str) -> Result<Self, LetterError> {
        let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        let (left, right) = inner.and_then(|inner| inner.split_once('@')).ok_or(LetterError::MessageId)?;
        let fits = |side: &str| {
            !side.is_empty()
                && side.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '='))
        };
        if text.len() > MESSAGE_ID_BYTES || !fits(left) || !fits(right) {
            return Err(LetterError::MessageId);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id with its angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A letter to be sent. It has no `Debug`: the text may carry a link that opens something once.
pub struct Letter {
    message_id: MessageId,
    to: Vec<MailAddress>,
    subject: String,
    text: String,
    html: Option<String>,
    reply_to: Option<MailAddress>,
}

impl Letter {
    /// A letter in plain text to at least one person. All see each other's address: to keep them apart send one each.
    pub fn try_new(
        message_id: MessageId,
        to: Vec<MailAddress>,
        subject: impl Into<String>,
        text: impl Into<String>,
    ) -> Result<Self, LetterError> {
        let subject = subject.into();
        if to.is_empty() {
            return Err(LetterError::NoRecipient);
        }
        if subject.chars().any(char::is_control) {
            return Err(LetterError::Subject);
        }
        Ok(Self { message_id, to, subject, text: text.into(), html: None, reply_to: None })
    }

    /// Adds the same in HTML, for readers that show it.
    #[must_use]
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Says where answers go, if not to whoever writes.
    #[must_use]
    pub fn reply_to(mut self, address: MailAddress) -> Self {
        self.reply_to = Some(address);
        self
    }

    /// The id it is sent under.
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    pub(super) fn compose(&self, from: &MailAddress, at: DateTime<Utc>) -> Result<Message, LetterError> {
        let draft = Message::builder()
            .message_id(Some(self.message_id.0.clone()))
            .date(at.into())
            .from(from.mailbox())
            .subject(self.subject.as_str());
        let draft = self.reply_to.iter().fold(draft, |draft, to| draft.reply_to(to.mailbox()));
        let draft = self.to.iter().fold(draft, |draft, to| draft.to(to.mailbox()));
        let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(plain(&self.text));
        let composed = match &self.html {
            None => draft.singlepart(plain),
            Some(html) => draft.multipart(
                MultiPart::alternative().singlepart(plain).singlepart(SinglePart::html(html.clone())),
            ),
        };
        composed.map_err(|source| LetterError::Compose { source })
    }
}

/// The text as it travels. Where it may go as it is it does: folded at 76 characters, as lettre would have it, a link is in one
/// piece only for readers who unfold it.
fn plain(text: &str) -> Body {
    let fits = |line: &str| {
        line.len() <= LINE_BYTES && line.bytes().all(|byte| byte == b'\t' || (b' '..0x7f).contains(&byte))
    };
    if text.lines().all(fits) {
        let lines: Vec<&str> = text.lines().collect();
        let bytes = (lines.join("\r\n") + "\r\n").into_bytes();
        Body::dangerous_pre_encoded(bytes, ContentTransferEncoding::SevenBit)
    } else {
        let coded = Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::QuotedPrintable);
        coded.unwrap_or_else(|_| Body::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> MailAddress {
        MailAddress::parse(text).unwrap()
    }

    fn id() -> MessageId {
        MessageId::parse("<0123abcd.run@draxis.example>").unwrap()
    }

    #[test]
    fn a_letter_says_who_when_and_under_which_id() {
        let letter = Letter::try_new(id(), vec![address("Bo <bo@example.com>")], "Grüße", "Text ä").unwrap();
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let bytes = letter.compose(&address("ann@example.com"), at).unwrap().formatted();
        let text = String::from_utf8(bytes).unwrap();
        for line in [
            "Message-ID: <0123abcd.run@draxis.example>\r\n",
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
            "From: ann@example.com\r\n",
            "To: Bo <bo@example.com>\r\n",
        ] {
            assert!(text.contains(line), "{line:?} is missing in {text}");
        }
        assert!(text.is_ascii(), "every server takes it");
    }

    #[test]
    fn a_link_stays_in_one_piece_and_what_cannot_travel_as_it_is_is_coded() {
        let link = format!("https://draxis.example/invitations/{}", "a".repeat(200));
        let composed = |text: String| {
            let letter =
                Letter::try_new(id(), vec![address("bo@example.com")], "An invitation", text).unwrap();
            let bytes =
                letter.compose(&address("ann@example.com"), DateTime::UNIX_EPOCH).unwrap().formatted();
            String::from_utf8(bytes).unwrap()
        };
        let text = composed(format!("Open this:\n{link}\n\n.\n"));
        assert!(text.contains("Content-Transfer-Encoding: 7bit\r\n"), "{text}");
        assert!(text.contains(&format!("\r\n\r\nOpen this:\r\n{link}\r\n\r\n.\r\n")), "{text}");
        for coded in [format!("Öffnen Sie {link}"), "a".repeat(999), "a\u{0}b".to_owned()] {
            let text = composed(coded);
            assert!(!text.contains("7bit") && text.lines().all(|line| line.len() <= 998), "{text}");
        }
    }

    #[test]
    fn a_subject_that_breaks_the_line_is_refused() {
        let letter = Letter::try_new(id(), vec![address("bo@example.com")], "a\r\nBcc: x@example.com", "");
        assert!(matches!(letter.err(), Some(LetterError::Subject)));
    }

    #[test]
    fn a_message_id_that_is_not_one_is_refused() {
        let long = format!("<{}@b>", "a".repeat(250));
        for wrong in
            ["", "a@b", "<a@b", "<ab>", "<@b>", "<a@>", "<a b@c>", "<a@b>\r\nBcc: x", "<a@b@c>", &long]
        {
            assert!(MessageId::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
