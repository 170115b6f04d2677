//! What is asked of a vendor.

use std::time::Duration;

use crate::connector::expression::Expression;
use crate::connector::fetch::Method;
use crate::connector::template::Template;

/// One question, over as many pages as it takes.
#[derive(Debug)]
pub struct Request {
    /// The name expressions read its answer under.
    pub id: String,
    /// What people call what it reads, such as "users".
    pub reads: String,
    /// How it asks.
    pub method: Method,
    /// Another host than the base URL's.
    pub base_url: Option<Template>,
    /// The path.
    pub path: Template,
    /// The query; a parameter that comes out empty is left out.
    pub query: Vec<(String, Template)>,
    /// Headers beside the manifest's.
    pub headers: Vec<(String, Template)>,
    /// A JSON body.
    pub body: Option<Template>,
    /// A form body.
    pub form: Vec<(String, Template)>,
    /// Requests that must be complete before.
    pub after: Vec<String>,
    /// Values read from the requests before, for the templates.
    pub from: Vec<(String, Expression)>,
    /// Asks once for each value read from the requests before.
    pub each: Option<Each>,
    /// The list of items in a page; without it the document itself is the answer.
    pub items: Option<Expression>,
    /// Members every item (or the document) must have, as dotted paths; one without them is not what was expected.
    pub each_has: Vec<String>,
    /// Must give `true`, or the answer is not taken: for vendors that answer 200 to half of the question.
    pub require: Option<Expression>,
    /// How many items there are in all, as the vendor says; fewer are a partial answer.
    pub total: Option<Expression>,
    /// The same as a header.
    pub total_header: Option<String>,
    /// How pages follow each other.
    pub paging: Paging,
    /// The most pages read; more are a partial answer.
    pub most_pages: u32,
    /// Asks again until the vendor is done.
    pub poll: Option<Poll>,
    /// How the answer is written.
    pub format: Format,
    /// The right or licence it needs, for the message when it is missing.
    pub permission: Option<String>,
}

/// One round of a request for each value.
#[derive(Debug)]
pub struct Each {
    /// Gives the values.
    pub values: Expression,
    /// How many values go into one round.
    pub batch: usize,
}

/// How pages follow each other.
#[derive(Debug)]
pub enum Paging {
    /// There is one page.
    Single,
    /// `Link: <…>; rel="next"` (RFC 8288).
    Link,
    /// The body holds the next page's URL.
    NextUrl(Expression),
    /// The body holds a cursor.
    Cursor(Expression, Cursor),
    /// Pages are numbered.
    Number {
        /// The parameter.
        param: String,
        /// The first page's number.
        first: u64,
        /// Items on a full page.
        size: u64,
    },
    /// Items are counted.
    Offset {
        /// The parameter.
        param: String,
        /// Items on a full page.
        size: u64,
    },
}

/// Where a cursor goes.
#[derive(Debug)]
pub enum Cursor {
    /// Into a query parameter.
    Query(String),
    /// Into a member of the JSON body.
    Body(String),
}

/// Asking again until the vendor is done.
#[derive(Debug)]
pub struct Poll {
    /// Gives `true` when done.
    pub until: Expression,
    /// Gives `true` when it never will be.
    pub failed: Option<Expression>,
    /// Between two questions.
    pub wait: Duration,
    /// The most questions.
    pub times: u32,
}

/// How an answer is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// XML; the elements named are lists even when there is one of them.
    Xml(Vec<String>),
}
