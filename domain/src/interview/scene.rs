//! The scene of an interview: what there is in the tenant that a draft may speak of, with the names people use for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workflow::{KriFact, TenantFacts};
use crate::{AccountId, KriId};

/// What the interviewer may know: lists fetched by the server under the person's rights (hazards H9).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// What a definition is held against.
    pub tenant: TenantFacts,
    /// What the KRIs are called.
    pub kri_names: BTreeMap<KriId, String>,
    /// What the people are called.
    pub people: BTreeMap<AccountId, String>,
    /// Who speaks, where it is a member of the tenant.
    pub speaker: Option<AccountId>,
}

impl Scene {
    /// What a KRI is called.
    pub fn kri_name<'a>(&'a self, kri: &'a KriFact) -> &'a str {
        self.kri_names.get(&kri.id).map_or(kri.slug.as_str(), String::as_str)
    }

    /// How an account is named in what the interviewer says: events hold no names of people, so the mark is filled in by
    /// whoever shows the text.
    pub fn mention(account: AccountId) -> String {
        format!("<@{account}>")
    }

    /// The text with people's whole names turned into marks.
    pub fn marked(&self, text: &str) -> String {
        let mut people: Vec<_> = self.people.iter().filter(|(_, name)| name.contains(' ')).collect();
        // The longest first, so that a name within another leaves no half of it.
        people.sort_by_key(|(_, name)| std::cmp::Reverse(name.len()));
        people.into_iter().fold(text.to_owned(), |text, (id, name)| text.replace(name, &Self::mention(*id)))
    }

    /// The text with its mentions filled in.
    pub fn shown(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("<@") {
            shown.push_str(before);
            let named = after.split_once('>').and_then(|(id, tail)| Some((id.parse().ok()?, tail)));
            if let Some((id, tail)) = named {
                shown.push_str(self.people.get(&id).map_or("somebody who is gone", String::as_str));
                rest = tail;
            } else {
                shown.push_str("<@");
                rest = after;
            }
        }
        shown.push_str(rest);
        shown
    }
}
