//! Creating and reading records.

use serde_json::{Value, json};

use super::{FarServiceNow, Record, refused};
use crate::far_systems::http::{HttpReply, HttpRequest};

/// The fields of a task that are known here; others in a request are left out, as the real one does.
pub(super) const FIELDS: [&str; 7] = [
    "short_description",
    "description",
    "correlation_id",
    "correlation_display",
    "assignment_group",
    "urgency",
    "impact",
];

/// The states of an incident, as people see them.
const STATES: [(&str, &str); 6] = [
    ("1", "New"),
    ("2", "In Progress"),
    ("3", "On Hold"),
    ("6", "Resolved"),
    ("7", "Closed"),
    ("8", "Canceled"),
];

impl FarServiceNow {
    pub(super) fn create(&mut self, table: &str, request: &HttpRequest) -> HttpReply {
        let Some(Value::Object(given)) = request.json() else {
            return refused(400, "Exception while reading request", "The payload is not valid JSON");
        };
        let mut record = Record::new();
        for field in &self.fields {
            let value = given.get(*field).and_then(Value::as_str).unwrap_or_default();
            record.insert((*field).to_owned(), value.to_owned());
        }
        let by_name = request.query.get("sysparm_input_display_value").is_some_and(|yes| yes == "true");
        if let Some(group) = record.get_mut("assignment_group") {
            let id = if by_name { self.groups.get(group.as_str()).cloned() } else { None };
            // What stands for no group is left empty, without a word.
            let known = self.groups.values().any(|one| one == group);
            *group = id.unwrap_or_else(|| if known { std::mem::take(group) } else { String::new() });
        }
        let place = self.tables.values().map(Vec::len).sum::<usize>().saturating_add(1);
        record.insert("sys_id".to_owned(), format!("{place:032x}"));
        record.insert("number".to_owned(), format!("{}{place:07}", prefix(table)));
        record.insert("state".to_owned(), "1".to_owned());
        let reply = HttpReply::json(201, &json!({ "result": shown(&record, request) }));
        let location = format!("/api/now/table/{table}/{place:032x}");
        self.tables.entry(table.to_owned()).or_default().push(record);
        reply.header("location", location)
    }

    pub(super) fn read(&self, table: &str, id: &str, request: &HttpRequest) -> HttpReply {
        let found =
            self.records(table).iter().find(|record| record.get("sys_id").is_some_and(|one| one == id));
        match found.filter(|_| self.readable) {
            Some(record) => HttpReply::json(200, &json!({ "result": shown(record, request) })),
            None => {
                refused(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
            }
        }
    }
}

fn prefix(table: &str) -> &'static str {
    match table {
        "incident" => "INC",
        "change_request" => "CHG",
        _ => "TASK",
    }
}

/// A record with the fields that were asked for, its state in words where that was asked.
pub(super) fn shown(record: &Record, request: &HttpRequest) -> Record {
    let in_words = request.query.get("sysparm_display_value").is_some_and(|yes| yes == "true");
    let fields = request.query.get("sysparm_fields");
    let asked = |name: &str| fields.is_none_or(|fields| fields.split(',').any(|one| one == name));
    let mut shown: Record = record
        .iter()
        .filter(|(name, _)| asked(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if let Some(state) = shown.get_mut("state").filter(|_| in_words)
        && let Some((_, word)) = STATES.iter().find(|(number, _)| *number == state.as_str())
    {
        (*word).clone_into(state);
    }
    shown
}
