//! Languages: the built-in interviewer understands English, and says so to whoever speaks another one.

/// The commonest words of other languages, with what is said to those who speak them.
const OTHERS: &[(&[&str], &str)] = &[
    (
        &[
            "wenn", "und", "der", "die", "das", "ein", "eine", "ist", "nicht", "ich", "soll", "werden",
            "wird", "mit", "bitte", "bei", "jeden", "öffne", "den", "dem", "auf", "für", "sobald", "schicke",
            "sende", "mir",
        ],
        "Ich verstehe leider nur Englisch. I understand English only; please say it in English, as in “When critical CVEs go red, email the KRI owner”.",
    ),
    (
        &[
            "quand", "le", "la", "les", "est", "et", "un", "une", "à", "envoie", "s'il", "vous", "je",
            "avec", "dès", "plaît", "ouvre", "du", "des", "lorsque", "devient",
        ],
        "Je ne comprends que l'anglais. I understand English only; please say it in English, as in “When critical CVEs go red, email the KRI owner”.",
    ),
    (
        &[
            "cuando", "el", "los", "las", "y", "una", "por", "favor", "envía", "abre", "si", "está",
            "correo", "cada", "que", "al", "se", "del",
        ],
        "Solo entiendo inglés. I understand English only; please say it in English, as in “When critical CVEs go red, email the KRI owner”.",
    ),
    (
        &["quando", "il", "invia", "una", "per", "di", "apri", "che", "ogni", "della", "gli", "diventa", "e"],
        "Capisco solo l'inglese. I understand English only; please say it in English, as in “When critical CVEs go red, email the KRI owner”.",
    ),
    (
        &[
            "wanneer",
            "het",
            "een",
            "stuur",
            "als",
            "naar",
            "elke",
            "wordt",
            "alsjeblieft",
            "van",
            "en",
            "graag",
        ],
        "Ik begrijp alleen Engels. I understand English only; please say it in English, as in “When critical CVEs go red, email the KRI owner”.",
    ),
    (
        &["quando", "os", "envie", "para", "uma", "abra", "cada", "ficar", "ao", "do", "da", "não"],
        "Só entendo inglês. I understand English only; please say it in English, as in “When critical CVEs go red, email the KRI owner”.",
    ),
];

const ENGLISH: &[&str] = &[
    "the", "when", "and", "to", "a", "of", "in", "for", "goes", "go", "on", "is", "every", "it", "please",
    "an", "at", "if", "no", "yes", "make", "with", "or", "be", "open", "wait", "after", "not", "me", "my",
];

const SCRIPT: &str = "I understand English only so far. Please say it in English, as in “When critical CVEs go red, email the KRI owner”.";

/// What to say to a text in another language; nothing where it is English, or may be.
pub(super) fn foreign(text: &str) -> Option<&'static str> {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let latin = text.chars().filter(|c| c.is_alphabetic() && u32::from(*c) < 0x0250).count();
    if letters >= 4 && latin.saturating_mul(2) < letters {
        return Some(SCRIPT);
    }
    let low = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> =
        low.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()).collect();
    let count = |of: &[&str]| words.iter().filter(|word| of.contains(word)).count();
    let english = count(ENGLISH);
    let (most, said) = OTHERS
        .iter()
        .map(|(of, said)| (count(of), *said))
        .fold((0, ""), |best, next| if next.0 > best.0 { next } else { best });
    (most >= 2 && most > english.saturating_mul(2)).then_some(said)
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn other_languages_are_told_from_english() {
        for text in [
            "Wenn die CVEs rot werden, öffne ein Ticket",
            "Quand le taux est rouge, envoie un courriel",
            "Cuando el riesgo está en rojo, envía un correo",
            "重大なCVEが赤になったらメールを送ってください",
            "Когда уязвимости станут красными, отправь письмо",
        ] {
            assert!(foreign(text).is_some(), "{text}");
        }
        for text in [
            "red",
            "Lena",
            "When MFA goes red, email Marco",
            "no",
            "critical cves red: email owner",
            "La Paz",
        ] {
            assert_eq!(foreign(text), None, "{text}");
        }
    }
}
