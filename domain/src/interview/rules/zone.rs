//! Time zones by the names people have for them: a city, a country with one zone, an abbreviation that is not ambiguous.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::interview::rules::word::{Manner, Sort, Word};

/// Names that are no city of the list, with the zone they mean.
const ALIASES: &[(&str, &str)] = &[
    ("utc", "UTC"),
    ("gmt", "Etc/GMT"),
    ("zulu", "UTC"),
    ("munich", "Europe/Berlin"),
    ("frankfurt", "Europe/Berlin"),
    ("hamburg", "Europe/Berlin"),
    ("cologne", "Europe/Berlin"),
    ("germany", "Europe/Berlin"),
    ("german", "Europe/Berlin"),
    ("france", "Europe/Paris"),
    ("lyon", "Europe/Paris"),
    ("italy", "Europe/Rome"),
    ("milan", "Europe/Rome"),
    ("netherlands", "Europe/Amsterdam"),
    ("switzerland", "Europe/Zurich"),
    ("zürich", "Europe/Zurich"),
    ("geneva", "Europe/Zurich"),
    ("basel", "Europe/Zurich"),
    ("austria", "Europe/Vienna"),
    ("wien", "Europe/Vienna"),
    ("uk", "Europe/London"),
    ("england", "Europe/London"),
    ("british", "Europe/London"),
    ("manchester", "Europe/London"),
    ("edinburgh", "Europe/London"),
    ("ireland", "Europe/Dublin"),
    ("barcelona", "Europe/Madrid"),
    ("poland", "Europe/Warsaw"),
    ("sweden", "Europe/Stockholm"),
    ("norway", "Europe/Oslo"),
    ("denmark", "Europe/Copenhagen"),
    ("finland", "Europe/Helsinki"),
    ("kyiv", "Europe/Kyiv"),
    ("cet", "Europe/Berlin"),
    ("cest", "Europe/Berlin"),
    ("bst", "Europe/London"),
    ("japan", "Asia/Tokyo"),
    ("india", "Asia/Kolkata"),
    ("mumbai", "Asia/Kolkata"),
    ("delhi", "Asia/Kolkata"),
    ("bangalore", "Asia/Kolkata"),
    ("ist", "Asia/Kolkata"),
    ("beijing", "Asia/Shanghai"),
    ("china", "Asia/Shanghai"),
    ("osaka", "Asia/Tokyo"),
    ("korea", "Asia/Seoul"),
    ("nyc", "America/New_York"),
    ("boston", "America/New_York"),
    ("washington", "America/New_York"),
    ("miami", "America/New_York"),
    ("atlanta", "America/New_York"),
    ("san francisco", "America/Los_Angeles"),
    ("seattle", "America/Los_Angeles"),
    ("dallas", "America/Chicago"),
    ("houston", "America/Chicago"),
    ("eastern time", "America/New_York"),
    ("pacific time", "America/Los_Angeles"),
    ("montreal", "America/Toronto"),
];

/// Regions whose zones are named after cities.
const REGIONS: &[&str] = &[
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

static CITIES: LazyLock<BTreeMap<String, &'static str>> = LazyLock::new(|| {
    let mut cities = BTreeMap::new();
    for zone in chrono_tz::TZ_VARIANTS {
        let name = zone.name();
        let Some((region, city)) = name.split_once('/') else { continue };
        let city = city.rsplit('/').next().unwrap_or(city);
        if REGIONS.contains(&region) {
            cities.entry(city.replace('_', " ").to_lowercase()).or_insert(name);
        }
    }
    cities.extend(ALIASES.iter().map(|(alias, zone)| ((*alias).to_owned(), *zone)));
    cities
});

/// Names of places that are ordinary words too.
const WORDS: &[&str] =
    &["easter", "center", "nome", "reunion", "troll", "casey", "davis", "jersey", "marquesas"];

/// The zone that the words name. In an answer a place on its own is enough; otherwise it has to be named as
/// one: after `in`, before `time`, or written large.
pub(in crate::interview) fn zone(words: &[Word], manner: Manner) -> Option<&'static str> {
    let plain: Vec<&Word> = words.iter().filter(|word| word.sort != Sort::Stop).collect();
    for at in 0..plain.len() {
        for length in (1..=3).rev() {
            let Some(window) = plain.get(at..at.saturating_add(length)) else { continue };
            let name = window.iter().map(|word| word.low.as_str()).collect::<Vec<_>>().join(" ");
            if let Some(exact) =
                window.first().filter(|_| length == 1).and_then(|word| named_exactly(&word.raw))
            {
                return Some(exact);
            }
            let Some(found) = CITIES.get(&name) else { continue };
            let before = at.checked_sub(1).and_then(|at| plain.get(at)).map(|word| word.low.as_str());
            let after = plain.get(at.saturating_add(length)).map(|word| word.low.as_str());
            let large =
                window.first().is_some_and(|word| word.raw.chars().next().is_some_and(char::is_uppercase));
            if WORDS.contains(&name.as_str()) && before != Some("in") {
                continue;
            }
            if manner == Manner::Answer || large || before == Some("in") || after == Some("time") {
                return Some(found);
            }
        }
    }
    None
}

fn named_exactly(raw: &str) -> Option<&'static str> {
    raw.contains('/')
        .then(|| {
            chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).find(|name| name.eq_ignore_ascii_case(raw))
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{CITIES, zone};
    use crate::interview::rules::word::{Manner, words};

    #[test]
    fn places_are_found_by_what_people_call_them() {
        for (text, name) in [
            ("at nine in Berlin", "Europe/Berlin"),
            ("New York", "America/New_York"),
            ("noon Tokyo time", "Asia/Tokyo"),
            ("8am Europe/Paris", "Europe/Paris"),
            ("in sao paulo", "America/Sao_Paulo"),
            ("UTC", "UTC"),
            ("in Buenos Aires", "America/Argentina/Buenos_Aires"),
            ("in munich", "Europe/Berlin"),
        ] {
            assert_eq!(zone(&words(text), Manner::Answer), Some(name), "{text}");
        }
        assert_eq!(zone(&words("email the center"), Manner::Sentence), None);
        assert!(CITIES.values().all(|name| name.parse::<chrono_tz::Tz>().is_ok()));
    }
}
