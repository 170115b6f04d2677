//! Posts to Slack: the channel and the text.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::desk::Desk;
use crate::interview::rules::step::another;
use crate::interview::rules::word::{Manner, Sort, Word};
use crate::interview::{Place, SlackPatch, StepPatch};
use crate::workflow::Template;

pub(super) fn read(clause: &Clause, desk: &mut Desk<'_>, place: Option<Place>) {
    let patch = SlackPatch {
        channel: channel(&clause.0, Manner::Sentence),
        text: clause.quotes().first().map(|text| Template::new(*text)),
    };
    let present = desk.one_of("post_slack").map(|step| (step.id.clone(), step.field("channel").cloned()));
    let said = patch
        .channel
        .clone()
        .map_or_else(|| "It posts to Slack.".to_owned(), |channel| format!("It posts to {channel}."));
    match present {
        Some((id, had))
            if !another(clause)
                && (had.is_none()
                    || patch.channel.is_none()
                    || had == patch.channel.clone().map(Into::into)) =>
        {
            if desk.change(&id, StepPatch::PostSlack(patch)) {
                desk.did(said);
            }
        }
        _ => {
            if desk.add(StepPatch::PostSlack(patch), place).is_some() {
                desk.did(said);
            }
        }
    }
}

/// The channel that the words name. In an answer a word on its own is one.
pub(in crate::interview::rules) fn channel(words: &[Word], manner: Manner) -> Option<String> {
    let plain: Vec<&Word> =
        words.iter().filter(|word| matches!(word.sort, Sort::Plain | Sort::Quoted)).collect();
    let hash = plain.iter().find(|word| word.raw.starts_with('#') && word.raw.len() > 1);
    if let Some(word) = hash {
        return Some(word.raw.clone());
    }
    let named = |word: &&Word| {
        let known = matches!(
            word.low.as_str(),
            "the"
                | "a"
                | "our"
                | "slack"
                | "channel"
                | "to"
                | "in"
                | "post"
                | "it"
                | "please"
                | "use"
                | "called"
                | "named"
                | "is"
                | "should"
                | "be"
                | "go"
                | "make"
                | "instead"
                | "change"
                | "no"
                | "yes"
        );
        let formed = word.raw.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        !known && formed
    };
    let at = plain.iter().position(|word| word.low == "channel");
    let after = at.and_then(|at| plain.iter().skip(at.saturating_add(1)).copied().find(named));
    let before = at.and_then(|at| plain.get(at.checked_sub(1)?).copied()).filter(named);
    let alone = || plain.iter().copied().find(named).filter(|_| manner == Manner::Answer && plain.len() <= 6);
    after.or(before).or_else(alone).map(|word| {
        let id = word.raw.len() >= 9
            && word.raw.starts_with(['C', 'G'])
            && word.raw.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if id { word.raw.clone() } else { format!("#{}", word.low) }
    })
}

/// `The channel is #soc`, `use #soc`, of the post that was spoken of last.
pub(super) fn details(clause: &Clause, desk: &mut Desk<'_>) -> bool {
    let hash = clause.0.iter().any(|word| word.raw.starts_with('#') && word.raw.len() > 1);
    let set = hash && clause.starts_with(&["use", "change", "make", "in", "to", "it", "set", "#"]);
    if !set && !clause.has(&["channel"]) {
        return false;
    }
    let Some(id) = desk.one_of("post_slack").map(|step| step.id.clone()) else { return false };
    let Some(channel) = channel(&clause.0, Manner::Sentence) else { return false };
    desk.did(format!("It posts to {channel}."));
    desk.change(&id, StepPatch::PostSlack(SlackPatch { channel: Some(channel), text: None }))
}
