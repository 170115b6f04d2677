//! Jira as its REST API documents it, version 3 of the cloud and version 2 of Data Center: issues, search, status.

mod issue;
mod search;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::{HttpReply, HttpRequest};
use super::mishap::Dice;
use super::server::System;

/// An issue as it was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct JiraIssue {
    /// Its number, as text.
    pub id: String,
    /// Its key.
    pub key: String,
    /// The issue type's name.
    pub issue_type: String,
    /// Its title.
    pub summary: String,
    /// Its text: a document in version 3, wiki markup in version 2.
    pub description: Value,
    /// Its labels.
    pub labels: Vec<String>,
    /// The priority's name.
    pub priority: Option<String>,
    /// The name of its status.
    pub status: String,
    /// How many searches do not see it yet.
    unseen: u64,
}

/// A Jira with its projects and issues.
#[derive(Debug, Clone)]
pub struct FarJira {
    user: String,
    token: String,
    counters: BTreeMap<String, u64>,
    issues: Vec<JiraIssue>,
    lag: u64,
    dice: Dice,
    sight: Sight,
    held: bool,
}

/// Whether somebody sees the projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Full,
    None,
}

const ISSUE_TYPES: [&str; 4] = ["Task", "Bug", "Story", "Incident"];
const PRIORITIES: [&str; 5] = ["Highest", "High", "Medium", "Low", "Lowest"];

impl FarJira {
    /// A Jira with these projects, for one user with one API token; the token alone serves as a personal access token.
    pub fn new(user: &str, token: &str, projects: &[&str]) -> Self {
        Self {
            user: user.to_owned(),
            token: token.to_owned(),
            counters: projects.iter().map(|key| ((*key).to_owned(), 0)).collect(),
            issues: Vec::new(),
            lag: 0,
            dice: Dice::default(),
            sight: Sight::Full,
            held: false,
        }
    }

    /// From now on the index lags: each new issue is missed by up to so many searches, by a throw of dice.
    pub const fn lag(&mut self, searches: u64, seed: u64) {
        self.lag = searches;
        self.dice = Dice::new(seed);
    }

    /// Stops the index: searches see no new issue.
    pub const fn hold_index(&mut self) {
        self.held = true;
    }

    /// Lets the index go on: searches see everything from now on.
    pub fn release_index(&mut self) {
        self.held = false;
        self.issues.iter_mut().for_each(|issue| issue.unseen = 0);
    }

    /// From now on the user may open issues, but not see them: a search by whoever may not finds nothing.
    pub const fn forbid_browsing(&mut self) {
        self.sight = Sight::None;
    }

    /// The user may see issues again.
    pub const fn allow_browsing(&mut self) {
        self.sight = Sight::Full;
    }

    /// All issues, in the order they were opened.
    pub fn issues(&self) -> &[JiraIssue] {
        &self.issues
    }

    /// Moves an issue on; whether there is one of this key.
    pub fn set_status(&mut self, key: &str, status: &str) -> bool {
        match self.issues.iter_mut().find(|issue| issue.key == key) {
            Some(issue) => {
                status.clone_into(&mut issue.status);
                true
            }
            None => false,
        }
    }

    fn knows(&self, request: &HttpRequest) -> bool {
        let basic = request.basic().is_some_and(|(user, token)| user == self.user && token == self.token);
        basic || request.bearer() == Some(self.token.as_str())
    }
}

impl System for FarJira {
    fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        let api = request.path.strip_prefix("/rest/api/").and_then(|rest| rest.split_once('/'));
        let Some((version @ ("2" | "3"), path)) = api else { return HttpReply::text(404, "not found") };
        if !self.knows(request) {
            return self.refuse_login(request);
        }
        match (request.method.as_str(), path) {
            ("GET", "search/jql" | "search") => self.search(request),
            ("GET", "mypermissions") => self.permissions(request, self.sight),
            ("GET", "myself") => HttpReply::json(
                200,
                &json!({ "accountId": "5b10a2844c20165700ede21g", "emailAddress": self.user }),
            ),
            ("POST", "issue") => self.create(request, version),
            ("GET", path) => match path.strip_prefix("issue/") {
                Some(key) => self.issue(key),
                None => HttpReply::text(404, "not found"),
            },
            _ => HttpReply::text(405, "method not allowed"),
        }
    }

    /// As in the cloud: whoever is not known may search like anybody, and sees nothing.
    fn refuse_login(&self, request: &HttpRequest) -> HttpReply {
        let reply = if request.path.ends_with("/search/jql") || request.path.ends_with("/search") {
            search::nothing_found()
        } else if request.path.ends_with("/mypermissions") {
            self.permissions(request, Sight::None)
        } else {
            HttpReply::text(401, "Client must be authenticated to access this resource.")
        };
        reply.header("x-seraph-loginreason", "AUTHENTICATED_FAILED")
    }
}

/// How Jira says what is wrong with which field.
fn refused(errors: &[(&str, &str)]) -> HttpReply {
    let errors: BTreeMap<&str, &str> = errors.iter().copied().collect();
    HttpReply::json(400, &json!({ "errorMessages": [], "errors": errors }))
}

fn missing() -> HttpReply {
    let errors = ["Issue does not exist or you do not have permission to see it."];
    HttpReply::json(404, &json!({ "errorMessages": errors, "errors": {} }))
}
