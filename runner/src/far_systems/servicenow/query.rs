//! Queries: `field=value` joined by `^`, and what is not understood left out without a word.

use serde_json::json;

use super::table::shown;
use super::{FarServiceNow, Record};
use crate::far_systems::http::{HttpReply, HttpRequest};

impl FarServiceNow {
    pub(super) fn query(&self, table: &str, request: &HttpRequest) -> HttpReply {
        let query = request.query.get("sysparm_query").map(String::as_str).unwrap_or_default();
        let limit = request.query.get("sysparm_limit").and_then(|limit| limit.parse().ok()).unwrap_or(10_000);
        let found: Vec<&Record> = self.records(table).iter().filter(|record| fits(record, query)).collect();
        let rows: Vec<Record> =
            found.iter().filter(|_| self.readable).take(limit).map(|record| shown(record, request)).collect();
        HttpReply::json(200, &json!({ "result": rows })).header("x-total-count", found.len().to_string())
    }
}

/// A condition on a field that a record does not have is dropped from the query: all records fit it.
fn fits(record: &Record, query: &str) -> bool {
    query.split('^').all(|condition| match condition.split_once('=') {
        Some((field, value)) => record.get(field).is_none_or(|is| is == value),
        None => true,
    })
}
