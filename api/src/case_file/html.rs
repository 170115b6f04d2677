//! The few pieces that pages are put together from; whatever people wrote stays text.

/// Text as text, whatever it holds: between tags and within quoted attributes.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// An element with text in it.
pub(super) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{}</{name}>", escaped(text))
}

/// A row of two cells: what it is, and what it says.
pub(super) fn fact(what: &str, says: &str) -> String {
    format!("<tr><th>{}</th><td>{}</td></tr>", escaped(what), escaped(says))
}

/// A table of such rows.
pub(super) fn facts(rows: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let rows: String = rows.into_iter().map(|(what, says)| fact(what, &says)).collect();
    format!("<table class=\"facts\">{rows}</table>")
}

/// A list of sentences; nothing where there are none.
pub(super) fn list(sentences: impl IntoIterator<Item = String>) -> String {
    let items: String = sentences.into_iter().map(|sentence| element("li", &sentence)).collect();
    if items.is_empty() { items } else { format!("<ul>{items}</ul>") }
}

/// Text that is opened by a click, and always open on paper.
pub(super) fn details(summary: &str, text: &str) -> String {
    format!("<details><summary>{}</summary><pre>{}</pre></details>", escaped(summary), escaped(text))
}

#[cfg(test)]
mod tests {
    use super::{details, element, facts, list};

    #[test]
    fn what_people_wrote_stays_text_wherever_it_stands() {
        let bad = "</pre><script>alert('x')</script>\"&";
        for made in
            [element("p", bad), facts([("a", bad.to_owned())]), list([bad.to_owned()]), details(bad, bad)]
        {
            assert!(!made.contains("<script>") && !made.contains("'x'"), "{made}");
            assert!(
                made.contains("&lt;script&gt;alert(&#39;x&#39;)") && made.contains("&quot;&amp;"),
                "{made}"
            );
        }
    }
}
