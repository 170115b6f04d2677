//! People by what others call them: a name, a role, the KRI's owner, me.

use std::collections::BTreeSet;

use crate::AccountId;
use crate::account::Role;
use crate::interview::Scene;
use crate::interview::rules::kri::nearly;
use crate::interview::rules::word::{Sort, Word};
use crate::workflow::{Party, Yes};

/// Whose owner `the owner` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::interview) enum OwnerOf {
    /// The KRI's.
    Kri,
    /// The workflow's.
    Workflow,
}

impl OwnerOf {
    /// By the kind of trigger: where no KRI starts a run, there is no owner of one.
    pub(in crate::interview) fn by(trigger: Option<&str>) -> Self {
        if matches!(trigger, Some("schedule" | "manual")) { Self::Workflow } else { Self::Kri }
    }
}

/// Who was spoken of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::interview) struct People {
    /// Those who are known, in the order in which they were named.
    pub parties: Vec<Party>,
    /// A name that nobody bears, or several do, with those who may be meant.
    pub unsettled: Option<(String, Vec<AccountId>)>,
    /// Whether the workflow's owners were spoken of.
    pub owners: bool,
}

/// Words that name nobody, also where they are written large.
const NOBODY: &[&str] = &[
    "the",
    "a",
    "an",
    "to",
    "and",
    "or",
    "of",
    "for",
    "from",
    "by",
    "it",
    "is",
    "them",
    "they",
    "he",
    "she",
    "him",
    "her",
    "his",
    "that",
    "this",
    "please",
    "then",
    "also",
    "email",
    "mail",
    "e-mail",
    "send",
    "notify",
    "tell",
    "alert",
    "inform",
    "let",
    "know",
    "message",
    "slack",
    "jira",
    "servicenow",
    "ticket",
    "kri",
    "approval",
    "approve",
    "approves",
    "one",
    "two",
    "three",
    "any",
    "all",
    "both",
    "either",
    "must",
    "should",
    "can",
    "may",
    "be",
    "owned",
    "owner",
    "owners",
    "owns",
    "workflow",
    "with",
    "about",
    "when",
    "just",
    "only",
    "instead",
    "not",
    "too",
    "yes",
    "no",
    "ok",
    "i",
    "fine",
    "wait",
    "report",
    "document",
    "pdf",
];

impl People {
    /// Whether nobody was spoken of.
    pub(in crate::interview) const fn is_empty(&self) -> bool {
        self.parties.is_empty() && self.unsettled.is_none() && !self.owners
    }

    fn add(&mut self, party: Party) {
        if !self.parties.contains(&party) {
            self.parties.push(party);
        }
    }
}

/// Who the words speak of.
pub(in crate::interview) fn spoken_of(words: &[Word], scene: &Scene, owner: OwnerOf) -> People {
    let mut people = People::default();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let rest = words.get(at..).unwrap_or_default();
        let lows: Vec<&str> = rest.iter().take(5).map(|word| word.low.as_str()).collect();
        let taken = if word.sort == Sort::Plain {
            role(&lows, &mut people, owner).max(member(rest, scene, &mut people))
        } else {
            0
        };
        at = at.saturating_add(taken.max(1));
    }
    people
}

/// How many words name a role or an owner.
fn role(lows: &[&str], people: &mut People, owner: OwnerOf) -> usize {
    let (party, taken) = match lows {
        ["tenant" | "security", "admin" | "admins" | "administrator" | "administrators", ..] => {
            (Party::Role(Role::TenantAdmin), 2)
        }
        ["admin" | "admins" | "administrator" | "administrators", ..] => (Party::Role(Role::TenantAdmin), 1),
        ["master", "admin" | "admins" | "administrators", ..] => (Party::Role(Role::MasterAdmin), 2),
        ["auditor" | "auditors", ..] => (Party::Role(Role::Auditor), 1),
        ["tenant", "user" | "users", ..] => (Party::Role(Role::TenantUser), 2),
        ["users", ..] => (Party::Role(Role::TenantUser), 1),
        ["workflow", "owner" | "owners", ..] => {
            people.owners = true;
            return 2;
        }
        ["owner" | "owners", "of", "the" | "this", "workflow", ..] => {
            people.owners = true;
            return 4;
        }
        ["owner" | "owners", "of", "the" | "that" | "this", "kri" | "indicator", ..] => {
            (Party::KriOwner(Yes), 4)
        }
        ["kri" | "indicator", "owner" | "owners", ..] | ["its" | "it", "owner", ..] => {
            (Party::KriOwner(Yes), 2)
        }
        ["whoever", "owns", "it" | "the", ..] => (Party::KriOwner(Yes), 3),
        ["owner", ..] if owner == OwnerOf::Kri => (Party::KriOwner(Yes), 1),
        ["owner" | "owners", ..] => {
            people.owners = true;
            return 1;
        }
        _ => return 0,
    };
    people.add(party);
    taken
}

/// How many words name a member of the tenant; a name that nobody bears is kept.
fn member(words: &[Word], scene: &Scene, people: &mut People) -> usize {
    let Some(first) = words.first() else { return 0 };
    if matches!(first.low.as_str(), "me" | "myself" | "mine")
        || (first.low == "i"
            && words.get(1).is_some_and(|next| {
                matches!(next.low.as_str(), "approve" | "own" | "decide" | "will" | "must" | "should")
            }))
    {
        return scene.speaker.map_or(0, |speaker| {
            people.add(Party::Account(speaker));
            1
        });
    }
    let second =
        words.get(1).filter(|word| word.sort == Sort::Plain && !first.owns).map(|word| word.low.as_str());
    if let Some(second) = second {
        let full = format!("{} {second}", first.low);
        let bears = |name: &str| name.to_lowercase() == full;
        if let Some((id, _)) =
            scene.people.iter().find(|(id, name)| bears(name) && scene.tenant.accounts.contains_key(id))
        {
            people.add(Party::Account(*id));
            return 2;
        }
    }
    if NOBODY.contains(&first.low.as_str()) {
        return 0;
    }
    let parts_of = |test: &dyn Fn(&str) -> bool| -> BTreeSet<AccountId> {
        let fits = |name: &str| name.to_lowercase().split_whitespace().any(test);
        scene
            .people
            .iter()
            .filter(|(id, name)| scene.tenant.accounts.contains_key(id) && fits(name))
            .map(|(id, _)| *id)
            .collect()
    };
    let exact = parts_of(&|part| part == first.low);
    let found: Vec<AccountId> = exact.into_iter().collect();
    match found.as_slice() {
        [one] => {
            people.add(Party::Account(*one));
            1
        }
        [] => near_or_nobody(first, &parts_of, people),
        several => {
            people.unsettled = Some((first.raw.clone(), several.to_vec()));
            1
        }
    }
}

type PartsOf<'a> = dyn Fn(&dyn Fn(&str) -> bool) -> BTreeSet<AccountId> + 'a;

fn near_or_nobody(word: &Word, parts_of: &PartsOf<'_>, people: &mut People) -> usize {
    let large = word.raw.chars().next().is_some_and(char::is_uppercase);
    let acronym = word.raw.len() > 1 && word.raw.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
    let near: Vec<AccountId> = parts_of(&|part| nearly(part, &word.low)).into_iter().collect();
    if (!near.is_empty() || large) && !acronym && people.unsettled.is_none() {
        people.unsettled = Some((word.raw.trim_end_matches("'s").to_owned(), near));
        return 1;
    }
    0
}
