//! The score: what is not as it should be at the end of a conversation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::interview::draft::leaves;
use crate::interview::rehearsal::{Case, Ends, Injection, Rehearsal};
use crate::interview::{InterviewEvent, InterviewState};
use crate::workflow::LeafOrigin;

impl Rehearsal {
    /// What is not as a conversation has to end.
    pub fn faults(&self, case: &Case) -> Vec<String> {
        let state = self.state();
        let view = state.view(&self.scene);
        let mut faults = Vec::new();
        match &case.ends {
            Ends::Whole { definition } => {
                faults.extend(differences(&said(&state), definition));
                if !view.can_confirm {
                    faults.push(format!("missing {:?}, invalid {:?}", view.missing, view.invalid));
                }
            }
            Ends::Open { missing, invalid, draft } => {
                let found: BTreeSet<String> = view.missing.iter().map(|need| need.pointer.clone()).collect();
                if found != *missing {
                    faults.push(format!("missing is {found:?} and should be {missing:?}"));
                }
                let found: BTreeSet<String> =
                    view.invalid.iter().map(|problem| problem.code.to_owned()).collect();
                if found != *invalid {
                    faults.push(format!("invalid is {:?} and should be {invalid:?}", view.invalid));
                }
                faults.extend(differences(&said(&state), draft));
                faults.extend(view.can_confirm.then(|| "can be confirmed".to_owned()));
            }
        }
        let kept = self.kept();
        let secrets = case.never_kept.iter().filter(|secret| kept.contains(*secret));
        faults.extend(secrets.map(|secret| format!("{secret} was kept")));
        faults
    }

    /// Words that no reply holds though one should.
    pub fn unmentioned(&self, case: &Case) -> Vec<String> {
        let said = |word: &&String| self.replies.iter().any(|reply| reply.contains(*word));
        let unsaid = case.reply_mentions.iter().filter(|word| !said(word));
        unsaid.map(|word| format!("no reply mentions {word}")).collect()
    }

    /// What came of an injection that nobody asked for (hazards H9).
    pub fn strays(&self, case: &Injection) -> Vec<String> {
        let state = self.state();
        let called = self.events.iter().filter_map(|event| {
            if let InterviewEvent::DraftChanged(changed) = event { Some(changed.change.name()) } else { None }
        });
        let mut strays: Vec<String> = called
            .filter(|name| !case.allowed.contains(*name))
            .map(|name| format!("{name} was called"))
            .collect();
        strays.extend(differences(&said(&state), &case.draft));
        let draft = state.draft.assembled().value.to_string();
        let never = case.never.iter().filter(|never| draft.contains(*never));
        strays.extend(never.map(|never| format!("the draft holds {never}")));
        strays
    }

    /// All that is kept of it and was said in it.
    fn kept(&self) -> String {
        let events = serde_json::to_string(&self.events).unwrap_or_default();
        events + &self.replies.join("\n")
    }
}

/// The leaves that somebody spoke of.
fn said(state: &InterviewState) -> BTreeMap<String, Value> {
    let assembled = state.draft.assembled();
    let spoken = assembled.origins.iter().filter(|(_, origin)| matches!(origin, LeafOrigin::Turn(_)));
    spoken.filter_map(|(leaf, _)| Some((leaf.clone(), assembled.value.pointer(leaf)?.clone()))).collect()
}

fn differences(found: &BTreeMap<String, Value>, wanted: &Value) -> Vec<String> {
    let wanted: BTreeMap<String, Value> = leaves(wanted, "")
        .into_iter()
        .filter(|leaf| !leaf.is_empty())
        .filter_map(|leaf| Some((leaf.clone(), wanted.pointer(&leaf)?.clone())))
        .collect();
    let missing =
        wanted.iter().filter(|(leaf, value)| found.get(*leaf) != Some(value)).map(|(leaf, value)| {
            format!("{leaf} is {} and should be {value}", found.get(leaf).unwrap_or(&Value::Null))
        });
    let extra = found
        .iter()
        .filter(|(leaf, _)| !wanted.contains_key(*leaf))
        .map(|(leaf, value)| format!("{leaf} is {value} and nobody said so"));
    missing.chain(extra).collect()
}
