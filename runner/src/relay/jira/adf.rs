//! Atlassian Document Format: plain text as the document that Jira's version 3 takes, where nothing in it is markup.

use serde_json::{Value, json};

/// Paragraphs between blank lines, line breaks within them, and web addresses that can be clicked.
pub(super) fn document(text: &str) -> Value {
    let text = text.replace("\r\n", "\n");
    let paragraphs: Vec<Value> = text
        .split("\n\n")
        .map(|paragraph| paragraph.trim_matches('\n'))
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| json!({ "type": "paragraph", "content": lines(paragraph) }))
        .collect();
    json!({ "type": "doc", "version": 1, "content": paragraphs })
}

fn lines(paragraph: &str) -> Vec<Value> {
    let mut content = Vec::new();
    for (number, line) in paragraph.split('\n').enumerate() {
        if number > 0 {
            content.push(json!({ "type": "hardBreak" }));
        }
        content.extend(words(line));
    }
    content
}

/// A text node is never empty: Jira refuses those.
fn words(line: &str) -> Vec<Value> {
    let mut nodes = Vec::new();
    let mut plain = String::new();
    for word in line.split_inclusive(' ') {
        let address = word.trim_end();
        if !address.starts_with("https://") && !address.starts_with("http://") {
            plain.push_str(word);
            continue;
        }
        nodes.extend(text(&std::mem::take(&mut plain)));
        nodes.push(json!({
            "type": "text", "text": address, "marks": [{ "type": "link", "attrs": { "href": address } }],
        }));
        plain.push_str(word.strip_prefix(address).unwrap_or_default());
    }
    nodes.extend(text(&plain));
    nodes
}

fn text(plain: &str) -> Option<Value> {
    (!plain.is_empty()).then(|| json!({ "type": "text", "text": plain }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::document;

    #[test]
    fn paragraphs_lines_and_addresses_are_kept() {
        assert_eq!(
            document("One\r\ntwo *not bold*\n\n\nSee https://draxis.example/runs/1 please\n"),
            json!({ "type": "doc", "version": 1, "content": [
                { "type": "paragraph", "content": [
                    { "type": "text", "text": "One" },
                    { "type": "hardBreak" },
                    { "type": "text", "text": "two *not bold*" },
                ]},
                { "type": "paragraph", "content": [
                    { "type": "text", "text": "See " },
                    { "type": "text", "text": "https://draxis.example/runs/1",
                      "marks": [{ "type": "link", "attrs": { "href": "https://draxis.example/runs/1" } }] },
                    { "type": "text", "text": " please" },
                ]},
            ]})
        );
    }

    #[test]
    fn no_text_is_a_document_without_paragraphs() {
        assert_eq!(document(" \n\n "), json!({ "type": "doc", "version": 1, "content": [] }));
    }
}
