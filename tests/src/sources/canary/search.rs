//! The search: a secret in whatever coding, anywhere within a text.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// What a secret may look like where it does not belong.
fn codings(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let percent = |plain: fn(&u8) -> bool, upper: bool| {
        bytes.iter().fold(String::new(), |mut coded, byte| {
            match (plain(byte), upper) {
                (true, _) => coded.push(char::from(*byte)),
                (false, true) => write!(coded, "%{byte:02X}").unwrap(),
                (false, false) => write!(coded, "%{byte:02x}").unwrap(),
            }
            coded
        })
    };
    let unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let hex: String = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let mut all = vec![
        secret.to_owned(),
        percent(unreserved, true),
        percent(unreserved, false),
        percent(unreserved, true).replace("%20", "+"),
        hex.to_uppercase(),
        hex,
        secret.replace('/', "\\/"),
    ];
    // At each of the three places it can have in a base64 text: without what its neighbours have a part in.
    for (before, dropped) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"??"[..before], bytes].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            let coded = engine.encode(&shifted);
            all.push(coded[dropped..coded.len() - 4].to_owned());
        }
    }
    all.into_iter().map(String::into_bytes).collect()
}

/// Every place of a text where a secret can be seen.
pub(super) fn seen(place: &str, text: &[u8], secrets: &[&str]) -> Vec<String> {
    let found = |coding: &Vec<u8>| {
        let first = coding[0];
        // Fast over what is large: nearly every byte is passed by at its first letter.
        text.iter().enumerate().any(|(at, byte)| *byte == first && text[at..].starts_with(coding))
    };
    let shown = |secret: &&&str| codings(secret).iter().any(found);
    secrets.iter().filter(shown).map(|secret| format!("{} in {place}", &secret[..12])).collect()
}

const LONG: &str = "cnry-bearer/token+7Q";
const SHORT: &str = "cnry-basic/password+7Q";

#[test]
fn the_search_finds_a_secret_in_every_coding() {
    for coding in codings(LONG) {
        let text = [b"before ", coding.as_slice(), b" behind"].concat();
        assert_eq!(seen("here", &text, &[SHORT, LONG]), ["cnry-bearer/ in here"]);
    }
    let pair = STANDARD.encode(format!("draxis:{SHORT}"));
    assert_eq!(seen("here", pair.as_bytes(), &[SHORT]).len(), 1, "within a longer base64 text");
}
