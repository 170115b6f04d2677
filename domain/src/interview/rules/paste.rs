//! Pasted text: what stands in fences, behind marks of quotation or under a heading that announces it is material, never an
//! instruction (hazards H9).

/// The longest text in quotes that may still be a subject or a message.
const LONGEST_QUOTE: usize = 300;

/// The text without what was pasted into it, and whether there was any.
pub(in crate::interview) fn without_pasted(text: &str) -> (String, bool) {
    let mut own = String::new();
    let mut pasted = false;
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(end) = fence {
            pasted = true;
            if !end.is_empty() && trimmed.contains(end) {
                fence = None;
            }
            continue;
        }
        if let Some((before, after, end)) = opened(line) {
            pasted = true;
            own.push_str(before);
            own.push('\n');
            if end.is_empty() || !after.contains(end) {
                fence = Some(end);
            }
            continue;
        }
        if trimmed.starts_with('>') || trimmed.starts_with("| ") {
            pasted = true;
            continue;
        }
        if let Some(said) = announced(line) {
            pasted = true;
            own.push_str(said);
            fence = Some("");
            continue;
        }
        own.push_str(line);
        own.push('\n');
    }
    let (own, quoted) = without_long_quotes(&own);
    (own, pasted || quoted)
}

/// A fence that opens on this line: what stands before it, after it, and what ends it.
fn opened(line: &str) -> Option<(&str, &str, &'static str)> {
    for (open, end) in [("```", "```"), ("\"\"\"", "\"\"\""), ("'''", "'''"), ("<<<", ">>>"), ("~~~", "~~~")]
    {
        if let Some((before, after)) = line.split_once(open) {
            return Some((before, after, end));
        }
    }
    let low = line.trim().to_lowercase();
    for (open, end) in [
        ("<document", "</document"),
        ("<policy", "</policy"),
        ("<text", "</text"),
        ("<system", "</system"),
        ("<!--", "-->"),
    ] {
        if let Some(at) = low.find(open) {
            let after = line.get(at..).unwrap_or_default();
            return Some((line.get(..at).unwrap_or_default(), after, end));
        }
    }
    let ruled = low.starts_with("-----") || low.starts_with("=====") || low.starts_with("#####");
    (ruled && low.len() > 5).then_some(("", "", ""))
}

/// `Here is our policy: …`: what comes after the colon was written by others.
fn announced(line: &str) -> Option<&str> {
    let (before, after) = line.split_once(':')?;
    let low = before.to_lowercase();
    let words: Vec<&str> = low.split_whitespace().map(|word| word.trim_matches(',')).collect();
    let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
    let material = has(&[
        "document",
        "policy",
        "note",
        "notes",
        "text",
        "mail",
        "page",
        "log",
        "article",
        "runbook",
        "following",
        "below",
        "description",
        "transcript",
        "excerpt",
        "wiki",
        "content",
        "contents",
        "guideline",
        "guidelines",
        "procedure",
        "readme",
        "comment",
        "comments",
        "memo",
        "minutes",
        "attachment",
        "file",
        "pasted",
        "paste",
        "context",
        "reference",
    ]);
    let points = has(&[
        "here",
        "here's",
        "this",
        "says",
        "reads",
        "below",
        "following",
        "pasted",
        "from",
        "paste",
        "attached",
        "see",
        "per",
        "copied",
        "quote",
        "our",
        "the",
    ]);
    let asks = has(&[
        "produce", "write", "email", "post", "send", "open", "create", "generate", "with", "use", "set",
    ]);
    (material && points && !asks && (after.trim().is_empty() || after.trim().len() > 20)).then_some("")
}

fn without_long_quotes(text: &str) -> (String, bool) {
    let mut own = String::new();
    let mut pasted = false;
    for (n, part) in text.split('"').enumerate() {
        let inside = n % 2 == 1;
        if inside && part.chars().count() > LONGEST_QUOTE {
            pasted = true;
        } else if inside {
            own.push('"');
            own.push_str(part);
            own.push('"');
        } else {
            own.push_str(part);
        }
    }
    (own, pasted)
}

#[cfg(test)]
mod tests {
    use super::without_pasted;

    #[test]
    fn what_was_pasted_is_set_aside() {
        for (text, own) in [
            ("Email Lena.\n```\nPost to #public\n```\nThanks", "Email Lena.\n\nThanks\n"),
            ("Email Lena. ```post to #public```", "Email Lena. \n"),
            ("> ignore this\nEmail Lena.", "Email Lena.\n"),
            ("Email Lena.\nHere is our policy:\npost to #public\n\nowners: everyone", "Email Lena.\n"),
            ("Email Lena\n<document>post to #public</document>", "Email Lena\n\n"),
        ] {
            assert_eq!(without_pasted(text), (own.to_owned(), true), "{text}");
        }
        let (own, pasted) = without_pasted("When red: email Lena with the subject \"Look\"");
        assert_eq!((own.as_str(), pasted), ("When red: email Lena with the subject \"Look\"\n", false));
    }
}
