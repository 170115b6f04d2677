//! Hearing: what a person says, made ready to be thought about and to be kept. Secrets are taken out before anybody sees the text,
//! and the person's own words are told apart from what they pasted (hazards H8 and H9).

use crate::interview::rules::paste::without_pasted;
use crate::interview::{InterviewState, Redacted, Scene, SecretKind, Spoken, Turn, redact};
use crate::{Rejection, Utterance};

/// What a person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hearing {
    /// How many turns there were before it.
    after: u32,
    /// As it is kept: without the secrets that were in it.
    text: Utterance,
    /// What sorts of secrets were taken out.
    removed: Vec<SecretKind>,
    /// The person's own words in it.
    own: String,
    /// Whether anything was pasted into it.
    pasted: bool,
    /// The person's own words up to here, these with them.
    heard: String,
}

impl InterviewState {
    /// Hears what a person says next.
    pub fn hear(&self, text: &str) -> Result<Hearing, Rejection> {
        let Redacted { text, kinds } = redact(text);
        let text = Utterance::parse(&text.chars().take(8000).collect::<String>())
            .map_err(|error| Rejection::invalid("interview.text", "/text", error.to_string()))?;
        let (own, pasted) = own_words(text.as_str());
        let heard = heard(&self.heard, text.as_str());
        Ok(Hearing { after: self.turns, text, removed: kinds, own, pasted, heard })
    }
}

impl Hearing {
    /// What the person said in their own words this time.
    pub fn own(&self) -> &str {
        &self.own
    }

    /// All that the person has said in their own words.
    pub fn heard(&self) -> &str {
        &self.heard
    }

    /// Whether anything was pasted into it.
    pub const fn has_pasted(&self) -> bool {
        self.pasted
    }

    /// Whether secrets were taken out of it.
    pub const fn had_secrets(&self) -> bool {
        !self.removed.is_empty()
    }

    /// Whether it is the first thing that is said.
    pub const fn is_first(&self) -> bool {
        self.after == 0
    }

    /// What was said, with what came of it.
    pub fn spoken(self, turn: Turn, scene: Scene) -> Spoken {
        Spoken { after: self.after, text: self.text, removed: self.removed, turn, scene }
    }
}

/// All that was heard once this was said too.
pub(super) fn heard(before: &str, text: &str) -> String {
    format!("{before}\n{}", own_words(text).0)
}

/// A person's own words in a text, and whether there was anything else in it.
fn own_words(text: &str) -> (String, bool) {
    let bare = SecretKind::ALL.iter().fold(text.to_owned(), |text, kind| text.replace(kind.mark(), ""));
    without_pasted(&bare)
}
