//! Names: what a template or a condition may speak of, which depends on the trigger and on the steps before.

use std::collections::BTreeMap;

use crate::workflow::{Action, Step, Trigger};

/// What stands behind a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    /// A value without fields.
    Leaf,
    /// A value whose fields cannot be known beforehand.
    Open,
    /// A thing with these fields.
    Fields(BTreeMap<String, Self>),
}

/// A name that does not exist, and which do where the path broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown {
    /// The path up to the name that does not exist.
    pub name: String,
    /// What there is instead.
    pub allowed: Vec<String>,
}

fn leaves<'a, I: IntoIterator<Item = &'a str>>(names: I) -> Names {
    Names::Fields(names.into_iter().map(|name| (name.to_owned(), Names::Leaf)).collect())
}

fn fields<'a, I: IntoIterator<Item = (&'a str, Names)>>(names: I) -> Names {
    Names::Fields(names.into_iter().map(|(name, inner)| (name.to_owned(), inner)).collect())
}

/// What a KRI shows of itself. Decimals among them are texts in templates and numbers in conditions.
const KRI: [&str; 11] = [
    "id",
    "slug",
    "name",
    "unit",
    "value",
    "previousValue",
    "status",
    "warn",
    "critical",
    "owner",
    "observedAt",
];

/// The names whose values are decimals.
pub(super) const DECIMALS: [&str; 4] = ["value", "previousValue", "warn", "critical"];

impl Names {
    /// What a step may speak of, given the trigger and the steps before it.
    pub(super) fn at<'a, I: IntoIterator<Item = &'a Step>>(trigger: Option<&Trigger>, before: I) -> Self {
        let steps = before.into_iter().map(|step| (step.frame.id.as_str(), Self::of_step(&step.action)));
        let mut names = BTreeMap::from([
            ("trigger".to_owned(), Self::of_trigger(trigger)),
            ("run".to_owned(), leaves(["id", "workflowId", "workflowName", "version", "startedAt", "url"])),
            ("steps".to_owned(), fields(steps)),
        ]);
        match trigger {
            Some(Trigger::KriBreach(_)) => drop(names.insert("kri".to_owned(), leaves(KRI))),
            Some(Trigger::Schedule(_) | Trigger::Manual(_)) => {}
            None => drop(names.insert("kri".to_owned(), Self::Open)),
        }
        Self::Fields(names)
    }

    fn of_trigger(trigger: Option<&Trigger>) -> Self {
        match trigger {
            None => Self::Open,
            Some(Trigger::KriBreach(_)) => leaves([
                "kind",
                "at",
                "kri",
                "level",
                "status",
                "value",
                "previousValue",
                "episode",
                "openedAt",
            ]),
            Some(Trigger::Schedule(_)) => leaves(["kind", "at", "dueAt"]),
            Some(Trigger::Manual(manual)) => fields([
                ("kind", Self::Leaf),
                ("at", Self::Leaf),
                ("by", Self::Leaf),
                ("inputs", leaves(manual.inputs.iter().map(|input| input.name.as_str()))),
            ]),
        }
    }

    fn of_step(action: &Action) -> Self {
        let result = match action {
            Action::NotifyOwner(_) => leaves(["messageId", "recipients"]),
            Action::CreateTicket(_) => leaves(["system", "key", "url", "status"]),
            Action::PanelQuery(_) => fields([
                ("answer", Self::Leaf),
                ("rationale", Self::Leaf),
                ("experts", Self::Open),
                ("citations", Self::Open),
            ]),
            Action::ProduceDocument(_) => fields([
                ("title", Self::Leaf),
                ("hash", Self::Leaf),
                ("url", Self::Leaf),
                ("files", Self::Open),
            ]),
            Action::PostSlack(_) => leaves(["channel", "ts", "url"]),
            Action::AwaitApproval(_) => fields([
                ("decision", Self::Leaf),
                ("comment", Self::Leaf),
                ("at", Self::Leaf),
                ("votes", Self::Open),
            ]),
            Action::EmitKriEvent(_) => leaves(["eventType", "eventId", "at"]),
            Action::Wait(_) => leaves(["endedAt", "status"]),
        };
        fields([("state", Self::Leaf), ("result", result)])
    }

    /// Follows the path, as far as it can be known.
    pub(super) fn find(&self, path: &[&str]) -> Result<&Self, Unknown> {
        let mut here = self;
        for (depth, name) in path.iter().enumerate() {
            here = match here {
                Self::Open => return Ok(here),
                // A value without fields is what there is itself.
                Self::Leaf => {
                    let allowed = vec![joined(path, depth.saturating_sub(1))];
                    return Err(Unknown { name: joined(path, depth), allowed });
                }
                Self::Fields(inner) => inner.get(*name).ok_or_else(|| Unknown {
                    name: joined(path, depth),
                    allowed: self.beside(inner, path, depth),
                })?,
            };
        }
        Ok(here)
    }

    /// The names there are at this depth of the path; where there are none, those that one can begin with.
    fn beside(&self, inner: &BTreeMap<String, Self>, path: &[&str], depth: usize) -> Vec<String> {
        match self {
            Self::Fields(all) if inner.is_empty() => {
                all.keys().filter(|known| path.first() != Some(&known.as_str())).cloned().collect()
            }
            Self::Fields(_) | Self::Leaf | Self::Open => {
                inner.keys().map(|known| with(path, depth, known)).collect()
            }
        }
    }
}

/// The path up to and with the name at this depth.
fn joined(path: &[&str], depth: usize) -> String {
    path.get(..=depth).unwrap_or(path).join(".")
}

/// The path with another name at this depth.
fn with(path: &[&str], depth: usize, name: &str) -> String {
    path.get(..depth).into_iter().flatten().copied().chain([name]).collect::<Vec<_>>().join(".")
}
