//! Secrets pasted into a conversation: recognised and replaced before anything is stored (hazards H8).

use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

/// What sort of secret it looked like.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// A private key in PEM.
    PrivateKey,
    /// A Slack token or incoming webhook.
    Slack,
    /// An Atlassian token.
    Jira,
    /// An AWS key.
    Aws,
    /// A GitHub token.
    GitHub,
    /// A JSON Web Token.
    Jwt,
    /// A token of another maker, by its form.
    Token,
    /// What came after a word such as `password:`.
    Password,
    /// A long text without order.
    HighEntropy,
}

impl SecretKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::PrivateKey,
        Self::Slack,
        Self::Jira,
        Self::Aws,
        Self::GitHub,
        Self::Jwt,
        Self::Token,
        Self::Password,
        Self::HighEntropy,
    ];

    /// What stands in its place.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::PrivateKey => "[private key removed]",
            Self::Slack => "[Slack secret removed]",
            Self::Jira => "[Atlassian token removed]",
            Self::Aws => "[AWS key removed]",
            Self::GitHub => "[GitHub token removed]",
            Self::Jwt => "[JWT removed]",
            Self::Token => "[token removed]",
            Self::Password => "[password removed]",
            Self::HighEntropy => "[secret removed]",
        }
    }
}

/// A text without the secrets that were in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The text.
    pub text: String,
    /// What was taken out.
    pub kinds: Vec<SecretKind>,
}

/// The forms, most telling first. Where a form has a group `secret`, only that is replaced.
const FORMS: &[(SecretKind, &str)] = &[
    (
        SecretKind::PrivateKey,
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\z)",
    ),
    (SecretKind::Slack, r"\bxox[abeoprs](\.xox[bp])?-[A-Za-z0-9-]{6,}"),
    (SecretKind::Slack, r"\bxapp-[A-Za-z0-9-]{6,}"),
    (SecretKind::Slack, r"https://hooks\.slack\.com/(services|workflows|triggers)/[A-Za-z0-9/_+-]+"),
    (SecretKind::Jira, r"\bAT(ATT3|CTT3|BB)[A-Za-z0-9_=-]{10,}"),
    (SecretKind::Aws, r"\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b"),
    (SecretKind::GitHub, r"\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})"),
    (SecretKind::Jwt, r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.?[A-Za-z0-9_-]*"),
    (SecretKind::Token, r"\b(drx|glpat|sk|pk|rk|whsec|npm|hf|pypi|dop_v1|shpat)[_-][A-Za-z0-9_=+/-]{14,}"),
    (SecretKind::Token, r"\bSG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    (SecretKind::Token, r"\bAIza[A-Za-z0-9_-]{30,}"),
    (SecretKind::Token, r"(?i)\b(bearer|basic)\s+(?P<secret>[A-Za-z0-9._~+/=-]{12,})"),
    // Credentials in an address.
    (SecretKind::Password, r"[a-z][a-z0-9+.-]*://[^\s/:@]*:(?P<secret>[^\s/@]+)@"),
    (
        SecretKind::Password,
        r#"(?i)\b(password|passwort|passwd|passphrase|pwd|pass|secret|api[ _-]?key|access[ _-]?key|client[ _-]?secret|api[ _-]?token|auth[ _-]?token|access[ _-]?token|token|pin)\s*(?:[:=]|\bis\s*:?)\s*["'`]?(?P<secret>[^\s"'`,;]{4,})"#,
    ),
    (
        SecretKind::Password,
        r#"(?i)\b(password|passphrase|api[ _-]?key|api[ _-]?token)\s+["'`](?P<secret>[^"'`]{4,})["'`]"#,
    ),
    (SecretKind::HighEntropy, r"[A-Za-z0-9+/_=-]{24,}"),
];

static SHAPES: LazyLock<Vec<(SecretKind, Regex)>> =
    LazyLock::new(|| FORMS.iter().filter_map(|(kind, form)| Some((*kind, Regex::new(form).ok()?))).collect());

/// Takes out whatever looks like a secret.
pub fn redact(text: &str) -> Redacted {
    let mut redacted = Redacted { text: text.to_owned(), kinds: Vec::new() };
    for (kind, shape) in SHAPES.iter() {
        let text = shape.replace_all(&redacted.text, |found: &Captures<'_>| {
            let whole = found.get(0).map_or("", |whole| whole.as_str());
            let secret = found.name("secret").map_or(whole, |secret| secret.as_str());
            if !is_secret(*kind, secret) {
                return whole.to_owned();
            }
            redacted.kinds.push(*kind);
            whole.replacen(secret, kind.mark(), 1)
        });
        redacted.text = text.into_owned();
    }
    redacted.kinds.sort_unstable();
    redacted.kinds.dedup();
    redacted
}

/// Marks of an earlier form are not secrets again, and neither are words.
fn is_secret(kind: SecretKind, text: &str) -> bool {
    if text.starts_with('[') {
        return false;
    }
    match kind {
        // `the token is in the vault` names no token: a word all in letters is prose after a mere `is`.
        SecretKind::Password => text.len() >= 8 || text.chars().any(|c| !c.is_ascii_alphabetic()),
        SecretKind::HighEntropy => is_random(text),
        SecretKind::PrivateKey
        | SecretKind::Slack
        | SecretKind::Jira
        | SecretKind::Aws
        | SecretKind::GitHub
        | SecretKind::Jwt
        | SecretKind::Token => true,
    }
}

/// Whether a long run of letters and digits is without order: all sorts of characters, changing often. Slugs, ids that are
/// ULIDs, and words in a row are not.
fn is_random(text: &str) -> bool {
    let count = |test: fn(&char) -> bool| text.chars().filter(test).count();
    let (lower, upper, digits) =
        (count(char::is_ascii_lowercase), count(char::is_ascii_uppercase), count(char::is_ascii_digit));
    let is_ulid = text.len() == 26 && lower == 0 && ulid::Ulid::from_string(text).is_ok();
    let is_hex = text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase());
    if is_ulid {
        return false;
    }
    if is_hex {
        return text.len() >= 32 && digits > 4 && lower > 4;
    }
    let kind = |c: char| if c.is_ascii_digit() { 2 } else { u8::from(c.is_ascii_uppercase()) };
    let changes = text.chars().zip(text.chars().skip(1)).filter(|(a, b)| kind(*a) != kind(*b)).count();
    digits >= 1 && lower >= 3 && upper >= 3 && changes.saturating_mul(5) >= text.len()
}

#[cfg(test)]
mod tests {
    use super::{SecretKind, redact};

    #[test]
    fn secrets_of_every_sort_are_taken_out() {
        for (text, secret, kind) in [
            (
                "use xoxb-EXAMPLE-222222222222-abcdef please",
                "xoxb-EXAMPLE-222222222222-abcdef",
                SecretKind::Slack,
            ),
            (
                "post via https://hooks.slack.com/services/EXAMPLE/EXAMPLE/notarealwebhooksecret",
                "notarealwebhooksecret",
                SecretKind::Slack,
            ),
            ("jira ATATT3xFfGF0abcdefghijkl=1234 ok", "ATATT3xFfGF0abcdefghijkl=1234", SecretKind::Jira),
            ("key AKIAIOSFODNN7EXAMPLE here", "AKIAIOSFODNN7EXAMPLE", SecretKind::Aws),
            (
                "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
                "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
                SecretKind::GitHub,
            ),
            (
                "github_pat_11ABCDEFG0abcdefghijklmn",
                "github_pat_11ABCDEFG0abcdefghijklmn",
                SecretKind::GitHub,
            ),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123", "eyJzdWIiOiIxIn0", SecretKind::Jwt),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
                "abc",
                SecretKind::PrivateKey,
            ),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\ncut off", "cut off", SecretKind::PrivateKey),
            ("password: hunter2", "hunter2", SecretKind::Password),
            ("the password is correcthorsebattery", "correcthorsebattery", SecretKind::Password),
            ("PWD=s3cr3t!", "s3cr3t!", SecretKind::Password),
            ("api key: 12ab", "12ab", SecretKind::Password),
            ("https://ann:pa55@jira.example/x", "pa55", SecretKind::Password),
            ("Authorization: Bearer abc.def-ghi_jkl", "abc.def-ghi_jkl", SecretKind::Token),
            ("sk-proj-abcdefghij0123456789", "sk-proj-abcdefghij0123456789", SecretKind::Token),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "bPxRfiCYEXAMPLEKEY", SecretKind::HighEntropy),
            ("9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c7d659a2feaa0c55ad015", SecretKind::HighEntropy),
        ] {
            let redacted = redact(text);
            assert!(!redacted.text.contains(secret), "{text} → {}", redacted.text);
            assert!(redacted.kinds.contains(&kind), "{text} → {redacted:?}");
        }
    }

    #[test]
    fn what_people_say_of_workflows_is_left_as_it_is() {
        for text in [
            "When critical_cves_unpatched goes red, open a ticket in SEC",
            "the token is in the vault",
            "emit endpoint_protection_reinstalled_and_verified then",
            "KRI 01JK0000000000000000000001 by account 01JA0000000000000000000001",
            "https://acme.atlassian.net/browse/SEC-1234?focusedCommentId=100",
            "my pass is over, and passing is fine: yes",
            "Europe/Berlin, America/Argentina/Buenos_Aires",
        ] {
            assert_eq!(redact(text).text, text);
        }
    }

    #[test]
    fn redacting_twice_changes_nothing_more() {
        let once =
            redact("password: hunter2 and xoxb-EXAMPLE-222222222222-abcdef and AKIAIOSFODNN7EXAMPLE").text;
        assert_eq!(redact(&once).text, once);
    }
}
