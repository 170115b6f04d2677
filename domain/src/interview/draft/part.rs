//! Parts of a draft: JSON with the origin of each leaf, added to field by field.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::workflow::LeafOrigin;

/// A part of a draft: JSON, and where each of its leaves came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::interview) struct Part {
    pub(in crate::interview) value: Map<String, Value>,
    pub(in crate::interview) origins: BTreeMap<String, LeafOrigin>,
}

impl Part {
    /// Sets fields and remembers where they came from; an empty list takes the field away and remembers that too.
    pub(in crate::interview) fn put(&mut self, said: Map<String, Value>, origin: LeafOrigin) {
        let mut writing = Writing { origins: &mut self.origins, origin };
        for (key, value) in said {
            writing.merge(&mut self.value, (&key, &format!("/{key}")), value);
        }
    }

    pub(in crate::interview) fn take_away(&mut self, field: &str) {
        self.value.remove(field);
        forget(&mut self.origins, &format!("/{field}"));
    }
}

/// What is being written, and from where.
struct Writing<'a> {
    origins: &'a mut BTreeMap<String, LeafOrigin>,
    origin: LeafOrigin,
}

impl Writing<'_> {
    fn merge(&mut self, into: &mut Map<String, Value>, (key, at): (&str, &str), value: Value) {
        match (into.get_mut(key), value) {
            (_, Value::Array(items)) if items.is_empty() => {
                into.remove(key);
                forget(self.origins, at);
                self.origins.insert(at.to_owned(), self.origin);
            }
            (Some(Value::Object(before)), Value::Object(said)) if same_kind(before, &said) => {
                for (inner, value) in said {
                    self.merge(before, (&inner, &format!("{at}/{inner}")), value);
                }
            }
            (_, value) => {
                forget(self.origins, at);
                self.origins.extend(leaves(&value, at).into_iter().map(|leaf| (leaf, self.origin)));
                into.insert(key.to_owned(), value);
            }
        }
    }
}

/// Only a trigger of the same kind and a place in the same system are added to; all else is replaced.
fn same_kind(before: &Map<String, Value>, said: &Map<String, Value>) -> bool {
    ["type", "system"].iter().any(|word| before.get(*word).is_some_and(|kind| said.get(*word) == Some(kind)))
}

fn forget(origins: &mut BTreeMap<String, LeafOrigin>, at: &str) {
    let below = format!("{at}/");
    origins.retain(|leaf, _| leaf != at && !leaf.starts_with(&below));
}

/// The pointers of all leaves under a value.
pub(in crate::interview) fn leaves(value: &Value, at: &str) -> Vec<String> {
    let under = |key: &str, inner: &Value| {
        leaves(inner, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")))
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().flat_map(|(key, inner)| under(key, inner)).collect()
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().flat_map(|(index, inner)| under(&index.to_string(), inner)).collect()
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => vec![at.to_owned()],
    }
}
