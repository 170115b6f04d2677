//! Cutting: where something new begins in a text.

use crate::interview::rules::clause::Clause;
use crate::interview::rules::word::{Sort, Word, words};

/// What somebody begins with who wants something done.
const VERBS: &[&str] = &[
    "email", "mail", "e-mail", "notify", "tell", "alert", "inform", "message", "ping", "let", "send", "open",
    "create", "raise", "file", "log", "make", "post", "write", "produce", "generate", "draft", "prepare",
    "ask", "consult", "query", "wait", "hold", "pause", "get", "have", "require", "request", "seek", "emit",
    "record", "fire", "publish", "remind", "nudge", "escalate", "drop", "remove", "delete", "skip", "scrap",
    "forget", "cancel", "lose", "add", "include", "insert", "change", "set", "use", "switch", "move", "put",
    "swap", "replace", "call", "name",
];

/// What sets one action apart from another even without a break.
const ACTIONS: &[&str] = &[
    "email", "mail", "e-mail", "notify", "tell", "alert", "inform", "message", "ping", "send", "open",
    "create", "raise", "file", "post", "write", "produce", "generate", "ask", "consult", "wait", "get",
    "have", "emit", "publish", "prepare", "request", "draft", "let", "make",
];

/// What somebody begins with who corrects or restricts.
const TURNS: &[&str] = &[
    "when", "whenever", "if", "once", "every", "each", "no", "not", "actually", "instead", "sorry",
    "approve", "reject", "fail", "don't", "owned", "rather", "trigger", "start", "run", "unless", "do",
];

/// What stands between two clauses and belongs to neither.
pub(super) const CONNECTORS: &[&str] = &[
    "and",
    "then",
    "also",
    "plus",
    "but",
    "please",
    "finally",
    "afterwards",
    "next",
    "so",
    "additionally",
    "lastly",
    "first",
    "second",
    "third",
    "secondly",
    "firstly",
    "&",
    "after",
    "that",
    "well",
];

/// The clauses of a text.
pub(in crate::interview::rules) fn clauses(text: &str) -> Vec<Clause> {
    let mut found = Vec::new();
    for sentence in words(text).split(|word| word.sort == Sort::Stop) {
        for part in cut_at_breaks(sentence) {
            found.extend(cut_within(&part));
        }
    }
    found.into_iter().map(Clause).filter(|clause| clause.0.iter().any(|word| !word.is_break())).collect()
}

fn cut_at_breaks(sentence: &[Word]) -> Vec<Vec<Word>> {
    let mut parts: Vec<Vec<Word>> = vec![Vec::new()];
    let mut at = 0;
    let mut bound = false;
    while let Some(word) = sentence.get(at) {
        let joins = word.is_break() || (word.sort == Sort::Plain && CONNECTORS.contains(&word.low.as_str()));
        let rest = sentence.get(at.saturating_add(1)..).unwrap_or_default();
        let skipped = rest.iter().take_while(|word| is_connector(word)).count();
        let next = rest.get(skipped..).unwrap_or_default();
        let current = parts.last().map(Vec::as_slice).unwrap_or_default();
        let keeps =
            word.is_break() && !bound && is_condition_of_approval(current) && !is_whole_breach(current);
        if keeps {
            bound = true;
        }
        let starts = word.is_break() && !next.is_empty() && is_whole_breach(current) && !keeps;
        // `two of Priya, Marco and Lena must approve` is one list.
        let listed = !word.is_break() && !acts(current) && says_who_does(&head(next));
        if joins && !keeps && !current.is_empty() && (starts || (opens(next, word) && !listed)) {
            parts.push(Vec::new());
            bound = false;
            at = at.saturating_add(1).saturating_add(skipped);
        } else {
            if let Some(part) = parts.last_mut() {
                part.push(word.clone());
            }
            at = at.saturating_add(1);
        }
    }
    parts
}

/// Whether the words say all of a breach: nothing after them belongs to it but another level.
fn is_whole_breach(words: &[Word]) -> bool {
    let opened = words.iter().any(|word| matches!(word.low.as_str(), "when" | "whenever" | "once"));
    opened && words.last().is_some_and(|word| LEVELS.contains(&word.low.as_str()) && word.low != "critical")
}

fn acts(words: &[Word]) -> bool {
    words.iter().any(|word| {
        let low = word.low.as_str();
        VERBS.contains(&low)
            || LEVELS.contains(&low)
            || crate::interview::rules::limit::DEEDS.contains(&low)
            || low == "do"
    })
}

fn head(words: &[Word]) -> Vec<&str> {
    words.iter().take_while(|word| !word.is_break()).take(7).map(|word| word.low.as_str()).collect()
}

fn is_connector(word: &Word) -> bool {
    word.is_break() || (word.sort == Sort::Plain && CONNECTORS.contains(&word.low.as_str()))
}

/// `if nobody answers in time, reject`: what comes after the comma belongs to what comes before it.
fn is_condition_of_approval(words: &[Word]) -> bool {
    let has = |any: &[&str]| words.iter().any(|word| any.contains(&word.low.as_str()));
    has(&["if", "when", "unless", "should", "without", "otherwise"])
        && has(&[
            "nobody", "no-one", "noone", "none", "answer", "answers", "respond", "responds", "answered",
            "reply", "replies", "timeout", "late", "rejected", "rejects", "declined", "declines", "missed",
            "decides", "reacts",
        ])
}

/// Whether something new begins here.
pub(super) fn opens(next: &[Word], behind: &Word) -> bool {
    let Some(first) = next.first().filter(|word| word.sort == Sort::Plain) else { return false };
    let low = first.low.as_str();
    if VERBS.contains(&low) || TURNS.contains(&low) {
        return true;
    }
    let lows = head(next);
    if matches!(
        lows.as_slice(),
        ["as", "soon", ..] | ["on", "second", ..] | ["go", "on", ..] | ["i", "want" | "would" | "need", ..]
    ) {
        return true;
    }
    if behind.is_break()
        && matches!(
            lows.as_slice(),
            ["it" | "this" | "that", "is" | "should" | "must" | "runs" | "starts", ..]
        )
    {
        return true;
    }
    says_who_does(&lows)
}

/// `Lena gets an email`, `Priya must approve`, `an incident is opened`.
fn says_who_does(lows: &[&str]) -> bool {
    let subject =
        lows.iter().take_while(|low| !matches!(**low, "and" | "or" | "to" | "in" | "by" | "for")).count();
    let head = lows.get(..subject).unwrap_or_default();
    let verb = |word: &str| {
        matches!(
            word,
            "approves"
                | "must"
                | "should"
                | "owns"
                | "gets"
                | "signs"
                | "decides"
                | "needs"
                | "has"
                | "approve"
        )
    };
    let passive = |pair: &[&str]| {
        matches!(pair, ["is" | "are" | "gets" | "be", done]
            if matches!(*done, "opened" | "created" | "raised" | "sent" | "emailed" | "notified" | "told" | "posted" | "asked"
                             | "informed" | "produced" | "written" | "reminded" | "owned"))
    };
    head.iter().skip(1).any(|word| verb(word)) || (head.len() > 2 && head.windows(2).any(passive))
}

/// A start in the middle of a clause, and actions right behind a start, are cut off as well.
fn cut_within(part: &[Word]) -> Vec<Vec<Word>> {
    let reminds = part
        .iter()
        .any(|word| matches!(word.low.as_str(), "remind" | "nudge" | "reminder" | "reminders" | "escalate"));
    let start = (1..part.len()).find(|at| {
        let (before, after) = part.split_at(*at);
        !reminds && acts(before) && begins_start(after)
    });
    let (before, after) = part.split_at(start.unwrap_or(0));
    let mut cut = Vec::new();
    if !before.is_empty() {
        cut.push(before.to_vec());
    }
    if reminds {
        cut.push(after.to_vec());
        return cut;
    }
    let action = begins_start(after).then(|| action_after(after)).flatten();
    match action.and_then(|at| after.split_at_checked(at)) {
        Some((start, rest)) => {
            cut.push(start.to_vec());
            cut.push(rest.to_vec());
        }
        None => cut.push(after.to_vec()),
    }
    cut
}

/// The words for a level, and those for a breach without one.
pub(in crate::interview::rules) const LEVELS: &[&str] = &[
    "red",
    "amber",
    "yellow",
    "orange",
    "warning",
    "critical",
    "breaches",
    "breached",
    "breach",
    "threshold",
    "bad",
    "worse",
];

fn begins_start(words: &[Word]) -> bool {
    let lows: Vec<&str> = words.iter().map(|word| word.low.as_str()).collect();
    match lows.as_slice() {
        ["when" | "whenever" | "if" | "once" | "should", rest @ ..] | ["as", "soon", "as", rest @ ..] => {
            rest.iter().any(|low| LEVELS.contains(low))
                && (is_whole_breach(words) || !is_condition_of_approval(words))
        }
        ["every" | "each", unit, ..] => is_recurrent(unit),
        ["on", day, ..] if is_recurrent(day) => true,
        ["on", "the" | "every", ..] => lows.iter().any(|low| matches!(*low, "month" | "quarter" | "year")),
        ["daily" | "weekly" | "monthly" | "hourly" | "quarterly" | "nightly", ..] => true,
        _ => false,
    }
}

fn is_recurrent(unit: &str) -> bool {
    crate::interview::rules::clock::weekday(unit).is_some()
        || crate::interview::rules::word::number(unit).is_some()
        || matches!(
            unit,
            "day"
                | "weekday"
                | "weekdays"
                | "working"
                | "business"
                | "workday"
                | "week"
                | "weekend"
                | "weekends"
                | "month"
                | "hour"
                | "minute"
                | "quarter"
                | "year"
                | "morning"
                | "evening"
                | "night"
                | "afternoon"
                | "other"
                | "first"
                | "second"
                | "third"
                | "last"
                | "half"
        )
}

fn action_after(words: &[Word]) -> Option<usize> {
    let lows: Vec<&str> = words.iter().map(|word| word.low.as_str()).collect();
    let breach = matches!(lows.first(), Some(&("when" | "whenever" | "if" | "once" | "as" | "should")));
    let from = if breach {
        lows.iter().position(|low| LEVELS.contains(low) && *low != "critical")?.max(1)
    } else {
        1
    };
    let loose = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| lows.get(before)).copied().unwrap_or_default();
        !matches!(before, "to" | "the" | "a" | "an" | "by" | "or" | "of" | "is" | "are")
    };
    (from.saturating_add(1)..lows.len())
        .filter(|at| lows.get(*at).is_some_and(|low| ACTIONS.contains(low)))
        .find(loose)
}
