//! XML as a value: an element is an object of its attributes (`@name`) and children, or its text when it has neither.

use std::collections::BTreeMap;

use jaq_json::Val;
use roxmltree::{Document, Node, ParsingOptions};

use super::{Malformed, object};

/// How deep elements may nest.
const DEEPEST: usize = 64;

/// How many nodes a document may have.
const MOST_NODES: u32 = 2_000_000;

/// Reads XML; elements named in `lists` are lists even when there is one of them.
pub(super) fn read(body: &[u8], lists: &[String]) -> Result<Val, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed::NotXml)?;
    shallow(text)?;
    // A vendor's DOCTYPE is let through; nothing it points to is fetched, and entities are bounded by the parser.
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|_| Malformed::NotXml)?;
    let root = document.root_element();
    Ok(object([(root.tag_name().name().to_owned(), value(root, lists))]))
}

/// Refuses depth before anything recurses over it.
fn shallow(text: &str) -> Result<(), Malformed> {
    let mut depth = 0_usize;
    for piece in text.split('<').skip(1) {
        let tag = piece.split_once('>').map_or(piece, |(tag, _)| tag);
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
            depth += 1;
        }
        if depth > DEEPEST {
            return Err(Malformed::NotXml);
        }
    }
    Ok(())
}

fn value(node: Node<'_, '_>, lists: &[String]) -> Val {
    let mut order: Vec<String> = Vec::new();
    let mut children: BTreeMap<String, Vec<Val>> = BTreeMap::new();
    for child in node.children().filter(Node::is_element) {
        let name = child.tag_name().name().to_owned();
        if !children.contains_key(&name) {
            order.push(name.clone());
        }
        children.entry(name).or_default().push(value(child, lists));
    }
    let attributes = node.attributes().map(|a| (format!("@{}", a.name()), Val::from(a.value().to_owned())));
    let mut members: Vec<(String, Val)> = attributes.collect();
    let text: String = node.children().filter(Node::is_text).filter_map(|n| n.text()).collect();
    if members.is_empty() && order.is_empty() {
        return Val::from(text.trim().to_owned());
    }
    if !text.trim().is_empty() {
        members.push(("#text".to_owned(), Val::from(text.trim().to_owned())));
    }
    members.extend(order.into_iter().map(|name| {
        let values = children.remove(&name).unwrap_or_default();
        let one = values.len() == 1 && !lists.contains(&name);
        let value =
            if one { values.into_iter().next().unwrap_or_default() } else { values.into_iter().collect() };
        (name, value)
    }));
    object(members)
}
