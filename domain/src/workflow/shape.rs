//! Shape: holds a definition against the JSON Schema document itself, and finds all that does not fit.
//!
//! Only the keywords that the document uses are known; a test holds the document to them. What general validators answer
//! to a `oneOf` ("matches none of eight") helps nobody, so here the branch is chosen first: by the word in `type` or
//! `system`, by the key that is there, or by the kind of JSON value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use crate::workflow::definition::SCHEMA;
use crate::workflow::problem::{Pointer, Problem};

/// The document and the patterns in it.
struct Document {
    root: Value,
    patterns: BTreeMap<String, Regex>,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let root = serde_json::from_str(SCHEMA).unwrap_or_default();
    let mut patterns = BTreeMap::new();
    collect_patterns(&root, &mut patterns);
    Document { root, patterns }
});

fn collect_patterns(node: &Value, patterns: &mut BTreeMap<String, Regex>) {
    match node {
        Value::Object(map) => {
            if let Some((pattern, regex)) = map
                .get("pattern")
                .and_then(Value::as_str)
                .and_then(|text| Some((text, Regex::new(text).ok()?)))
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            map.values().for_each(|child| collect_patterns(child, patterns));
        }
        Value::Array(items) => items.iter().for_each(|child| collect_patterns(child, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Everything about the value that does not fit the schema.
pub(super) fn misfits(value: &Value) -> Vec<Problem> {
    let mut walk = Walk { problems: Vec::new() };
    walk.value(&DOCUMENT.root, value, &Pointer::Root);
    walk.problems
}

struct Walk {
    problems: Vec<Problem>,
}

/// The keyword's text list, such as `required`.
fn texts<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a str> {
    schema.get(keyword).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn number(schema: &Value, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_u64)
}

/// What a value is called where it is shown: a text without its quotes.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Follows references to the schema that is meant; the words beside a reference are its own.
fn resolve(schema: &Value) -> &Value {
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| DOCUMENT.root.pointer(reference.trim_start_matches('#')));
    target.map_or(schema, resolve)
}

fn description(schema: &Value) -> String {
    schema.get("description").and_then(Value::as_str).unwrap_or("See the schema.").to_owned()
}

impl Walk {
    fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &Pointer<'_>) {
        let schema = resolve(schema);
        if let Some(branches) = schema.get("oneOf").and_then(Value::as_array) {
            return self.one_of(schema, branches, value, at);
        }
        if let Some(only) = schema.get("const") {
            if value != only {
                self.not_allowed(schema, &[only], value, at);
            }
            return;
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            if !allowed.contains(value) {
                self.not_allowed(schema, &allowed.iter().collect::<Vec<_>>(), value, at);
            }
            return;
        }
        if !self.kind_fits(schema, value, at) {
            return;
        }
        match value {
            Value::Object(map) => self.object(schema, map, at),
            Value::Array(items) => self.list(schema, items, at),
            Value::String(text) => self.text(schema, text, at),
            Value::Number(given) => self.range(schema, given, at),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn not_allowed(&mut self, schema: &Value, allowed: &[&Value], value: &Value, at: &Pointer<'_>) {
        let words: Vec<String> = allowed.iter().map(|one| shown(one)).collect();
        let message =
            format!("{} is not allowed here; allowed is {}", clipped(&shown(value)), words.join(", "));
        self.add(Problem::new("value.not_allowed", at, message, description(schema)).allowing(words));
    }

    fn kind_fits(&mut self, schema: &Value, value: &Value, at: &Pointer<'_>) -> bool {
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => return true,
        };
        let is = |kind: &&str| match *kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            _ => false,
        };
        if kinds.iter().any(is) {
            return true;
        }
        let message = format!("must be of type {}", kinds.join(" or "));
        self.add(Problem::new("value.wrong_type", at, message, description(schema)).allowing(kinds));
        false
    }

    fn object(&mut self, schema: &Value, map: &Map<String, Value>, at: &Pointer<'_>) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for field in texts(schema, "required").filter(|field| !map.contains_key(*field)) {
            let inner = known.get(field).map(resolve);
            let next = inner.map(description).unwrap_or_default();
            let allowed = inner.map(allowed_words).unwrap_or_default();
            let message = format!("{field} is missing");
            self.add(Problem::new("field.missing", &at.key(field), message, next).allowing(allowed));
        }
        for (field, value) in map {
            match known.get(field) {
                Some(inner) => self.value(inner, value, &at.key(field)),
                None => self.add(
                    Problem::new(
                        "field.unknown",
                        &at.key(field),
                        format!("there is no field {} here", clipped(field)),
                        "Remove it, or use one of the fields that are known here.",
                    )
                    .allowing(known.keys()),
                ),
            }
        }
    }

    fn list(&mut self, schema: &Value, items: &[Value], at: &Pointer<'_>) {
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        if let Some(min) = number(schema, "minItems").filter(|min| count < *min) {
            let message = format!("must have at least {min} item(s)");
            self.add(Problem::new("list.too_short", at, message, description(schema)));
        }
        if let Some(max) = number(schema, "maxItems").filter(|max| count > *max) {
            let message = format!("must have at most {max} item(s)");
            self.add(Problem::new("list.too_long", at, message, description(schema)));
            return;
        }
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(inner) = schema.get("items") {
                self.value(inner, item, &at.index(index));
            }
            if schema.get("uniqueItems").is_some() && !seen.insert(item.to_string()) {
                let message = format!("{} stands here twice", clipped(&shown(item)));
                self.add(Problem::new("list.duplicate", &at.index(index), message, "Remove one of the two."));
            }
        }
    }

    fn text(&mut self, schema: &Value, text: &str, at: &Pointer<'_>) {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        if let Some(min) =
            number(schema, "minLength").filter(|min| length < *min || (*min > 0 && text.trim().is_empty()))
        {
            let message = format!("must have at least {min} character(s) besides spaces");
            self.add(Problem::new("text.too_short", at, message, description(schema)));
        } else if let Some(max) = number(schema, "maxLength").filter(|max| length > *max) {
            let message = format!("must have at most {max} characters, has {length}");
            self.add(Problem::new("text.too_long", at, message, description(schema)));
        } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
            let next = "Remove characters that cannot be seen.";
            self.add(Problem::new("text.malformed", at, "must not contain control characters", next));
        } else if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && DOCUMENT.patterns.get(pattern).is_none_or(|regex| !regex.is_match(text))
        {
            self.add(Problem::new(
                "text.malformed",
                at,
                format!("{} is not of the form asked for", clipped(text)),
                description(schema),
            ));
        } else if schema.get("format").and_then(Value::as_str) == Some("duration")
            && let Err(error) = text.parse::<crate::workflow::Span>()
        {
            self.add(Problem::new("duration.out_of_range", at, error.to_string(), description(schema)));
        }
    }

    fn range(&mut self, schema: &Value, given: &serde_json::Number, at: &Pointer<'_>) {
        let limits = (number(schema, "minimum"), number(schema, "maximum"));
        if let (Some(min), Some(max)) = limits
            && given.as_u64().is_none_or(|given| given < min || given > max)
        {
            let message = format!("must be from {min} to {max}");
            self.add(Problem::new("number.out_of_range", at, message, description(schema)));
        }
    }

    fn one_of(&mut self, schema: &Value, branches: &[Value], value: &Value, at: &Pointer<'_>) {
        let branches: Vec<&Value> = branches.iter().map(resolve).collect();
        let Some(map) = value.as_object() else {
            if let Some(words) = branches.iter().find(|branch| branch.get("enum").is_some()) {
                return self.value(words, value, at);
            }
            let words: BTreeSet<String> = branches.iter().copied().flat_map(allowed_words).collect();
            let problem = Problem::new("value.wrong_type", at, "must be of type object", description(schema));
            return self.add(problem.allowing(words));
        };
        let objects: Vec<&Value> =
            branches.iter().copied().filter(|branch| branch.get("properties").is_some()).collect();
        match tag(&objects) {
            Some(field) => self.tagged((schema, &objects), field, map, at),
            None => self.keyed((schema, &objects), map, at),
        }
    }

    /// The branch is named by the word in one field.
    fn tagged(
        &mut self,
        (schema, branches): Branches<'_>,
        field: &str,
        map: &Map<String, Value>,
        at: &Pointer<'_>,
    ) {
        let pointer = format!("/properties/{field}/const");
        let words: Vec<&Value> = branches.iter().filter_map(|branch| branch.pointer(&pointer)).collect();
        let given = map.get(field);
        let chosen = branches.iter().find(|branch| given.is_some() && branch.pointer(&pointer) == given);
        match (chosen, given) {
            (Some(branch), _) => self.object(branch, map, at),
            (None, Some(given)) => self.not_allowed(schema, &words, given, &at.key(field)),
            (None, None) => {
                let message = format!("{field} is missing");
                let problem = Problem::new("field.missing", &at.key(field), message, description(schema));
                self.add(problem.allowing(words.into_iter().map(shown)));
            }
        }
    }

    /// The branch is named by the key that is there.
    fn keyed(&mut self, (schema, branches): Branches<'_>, map: &Map<String, Value>, at: &Pointer<'_>) {
        let key = |branch: &Value| texts(branch, "required").next().map(str::to_owned);
        let there = |branch: &Value| key(branch).is_some_and(|key| map.contains_key(&key));
        if let Some(branch) = branches.iter().find(|branch| there(branch)) {
            return self.object(branch, map, at);
        }
        let keys: Vec<String> = branches.iter().filter_map(|branch| key(branch)).collect();
        let message = format!("must have one of the fields {}", keys.join(", "));
        self.add(Problem::new("field.missing", at, message, description(schema)).allowing(keys));
    }
}

/// A `oneOf` and those of its branches that are objects.
type Branches<'a> = (&'a Value, &'a [&'a Value]);

/// The field whose one allowed word tells the branches apart.
fn tag(branches: &[&Value]) -> Option<&'static str> {
    let first = branches.first()?;
    ["type", "system"]
        .into_iter()
        .find(|field| first.pointer(&format!("/properties/{field}/const")).is_some())
}

/// The words that a schema allows, where it lists them.
fn allowed_words(schema: &Value) -> Vec<String> {
    let schema = resolve(schema);
    if let Some(only) = schema.get("const") {
        return vec![shown(only)];
    }
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten().map(shown);
    let branches = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten().map(resolve);
    let keys = branches.flat_map(|branch| {
        let tagged = ["type", "system"]
            .into_iter()
            .find_map(|field| branch.pointer(&format!("/properties/{field}/const")))
            .map(shown);
        tagged.map_or_else(|| allowed_words(branch), |word| vec![word])
    });
    words.chain(keys).collect()
}

/// What was given, as long as it is short.
pub(super) fn clipped(text: &str) -> String {
    if text.chars().count() <= 60 {
        format!("\"{text}\"")
    } else {
        format!("\"{}…\"", text.chars().take(59).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{DOCUMENT, misfits};

    fn keywords(schema: &Value, found: &mut BTreeSet<String>) {
        let Some(map) = schema.as_object() else { return };
        for (keyword, inner) in map {
            found.insert(keyword.clone());
            match keyword.as_str() {
                "properties" | "$defs" => {
                    inner.as_object().unwrap().values().for_each(|schema| keywords(schema, found));
                }
                "oneOf" => inner.as_array().unwrap().iter().for_each(|schema| keywords(schema, found)),
                "items" => keywords(inner, found),
                _ => {}
            }
        }
    }

    #[test]
    fn the_document_says_nothing_that_is_not_checked() {
        let checked = [
            "$ref",
            "type",
            "const",
            "enum",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minLength",
            "maxLength",
            "pattern",
            "minimum",
            "maximum",
            "oneOf",
            "format",
        ];
        let notes = ["$schema", "$id", "$defs", "title", "description", "default"];
        let mut found = BTreeSet::new();
        keywords(&DOCUMENT.root, &mut found);
        let unknown: Vec<_> = found
            .iter()
            .filter(|word| !checked.contains(&word.as_str()) && !notes.contains(&word.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn every_pattern_of_the_document_compiles() {
        fn count(node: &Value) -> usize {
            match node {
                Value::Object(map) => {
                    usize::from(map.get("pattern").is_some_and(Value::is_string))
                        + map.values().map(count).sum::<usize>()
                }
                Value::Array(items) => items.iter().map(count).sum(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
            }
        }
        assert!(count(&DOCUMENT.root) >= DOCUMENT.patterns.len() && DOCUMENT.patterns.len() >= 8);
        let mut patterns = Vec::new();
        let mut stack = vec![&DOCUMENT.root];
        while let Some(node) = stack.pop() {
            match node {
                Value::Object(map) => {
                    patterns.extend(map.get("pattern").and_then(Value::as_str));
                    stack.extend(map.values());
                }
                Value::Array(items) => stack.extend(items),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        for pattern in patterns {
            assert!(DOCUMENT.patterns.contains_key(pattern), "{pattern}");
        }
    }

    #[test]
    fn an_unknown_kind_of_step_names_the_known_ones() {
        let problems = misfits(&json!({
            "schemaVersion": 1, "name": "x", "owners": [{"role": "tenant_admin"}], "trigger": {"type": "manual"},
            "steps": [{"id": "a", "type": "send_fax"}, {"id": "b"}],
        }));
        let found: Vec<_> = problems.iter().map(|p| (p.code, p.pointer.as_str(), p.allowed.len())).collect();
        assert_eq!(found, [("value.not_allowed", "/steps/0/type", 8), ("field.missing", "/steps/1/type", 8)]);
    }
}
