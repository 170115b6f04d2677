//! `ServiceNow`'s Table API as it is documented: create, query, read; with its silence about fields and rows left out.

mod query;
mod table;

use std::collections::BTreeMap;

use serde_json::json;

use super::http::{HttpReply, HttpRequest};
use super::server::System;

/// A record: field by field, as the API takes and gives them.
pub type Record = BTreeMap<String, String>;

/// An instance with its tables, for one user with one password; the password alone serves as a bearer token.
#[derive(Debug, Clone)]
pub struct FarServiceNow {
    user: String,
    password: String,
    groups: BTreeMap<String, String>,
    tables: BTreeMap<String, Vec<Record>>,
    readable: bool,
    fields: Vec<&'static str>,
}

impl FarServiceNow {
    /// An instance with the tables that tickets live in.
    pub fn new(user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            groups: [
                ("Service Desk", "d625dccec0a8016700a222a0f7900d06"),
                ("Network", "287ebd7da9fe198100f92cc8d1d2154e"),
            ]
            .map(|(name, id)| (name.to_owned(), id.to_owned()))
            .into(),
            tables: ["incident", "change_request", "sc_task"]
                .map(|name| (name.to_owned(), Vec::new()))
                .into(),
            readable: true,
            fields: table::FIELDS.to_vec(),
        }
    }

    /// From now on the user may write rows, but not read them: they are left out of answers.
    pub const fn forbid_reading(&mut self) {
        self.readable = false;
    }

    /// Its tables have no correlation id: a condition on a field that is not there is left out of a query.
    pub fn drop_correlation_id(&mut self) {
        self.fields.retain(|field| *field != "correlation_id");
    }

    /// The records of a table, in the order they were made.
    pub fn records(&self, table: &str) -> &[Record] {
        self.tables.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// Moves a record on, to a state by its number; whether there is one of this name.
    pub fn set_state(&mut self, table: &str, number: &str, state: &str) -> bool {
        let mut records = self.tables.get_mut(table).into_iter().flatten();
        let found = records.find(|record| record.get("number").is_some_and(|one| one == number));
        found.map(|record| record.insert("state".to_owned(), state.to_owned())).is_some()
    }

    fn knows(&self, request: &HttpRequest) -> bool {
        let basic = request.basic().is_some_and(|(user, word)| user == self.user && word == self.password);
        basic || request.bearer() == Some(self.password.as_str())
    }
}

impl System for FarServiceNow {
    fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        let Some(path) = request.path.strip_prefix("/api/now/table/") else {
            return HttpReply::text(404, "not found");
        };
        if !self.knows(request) {
            return self.refuse_login(request);
        }
        let (table, id) = path.split_once('/').map_or((path, None), |(table, id)| (table, Some(id)));
        if !self.tables.contains_key(table) {
            return refused(400, "Invalid table", table);
        }
        match (request.method.as_str(), id) {
            ("POST", None) => self.create(table, request),
            ("GET", None) => self.query(table, request),
            ("GET", Some(id)) => self.read(table, id, request),
            _ => refused(405, "Method not supported", ""),
        }
    }

    fn refuse_login(&self, _: &HttpRequest) -> HttpReply {
        refused(401, "User Not Authenticated", "Required to provide Auth information")
    }
}

/// How `ServiceNow` says what is wrong.
fn refused(status: u16, message: &str, detail: &str) -> HttpReply {
    HttpReply::json(
        status,
        &json!({ "error": { "message": message, "detail": detail }, "status": "failure" }),
    )
}
