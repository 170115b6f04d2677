//! A manifest says all there is to know about one vendor: how to ask, page by page, and how each KRI is read.

mod auth;
mod check;
mod file;
mod kri;
mod mistake;
mod request;

pub use auth::{Auth, ClientStyle};
pub use draxis_domain::kri::Direction;
pub use draxis_domain::source::SourceType;
pub use kri::Kri;
pub use mistake::Mistake;
pub use request::{Cursor, Each, Format, Paging, Poll, Request};

use super::template::Template;

/// One vendor, checked.
#[derive(Debug)]
pub struct Manifest {
    /// The vendor's id, such as `tenable-io`.
    pub vendor: String,
    /// The vendor's name as people write it.
    pub name: String,
    /// What kind of tool it is.
    pub source_type: SourceType,
    /// Where its API answers, unless the source says otherwise.
    pub base_url: Template,
    /// `base_url` as it was written, for the catalog.
    pub base_url_text: String,
    /// How requests show who asks.
    pub auth: Auth,
    /// What the tenant must supply.
    pub fields: Vec<Field>,
    /// Headers of every request.
    pub headers: Vec<(String, Template)>,
    /// A header that says when a rate limit ends, in seconds since 1970, for vendors that send no `Retry-After`.
    pub reset_header: Option<String>,
    /// A header that says how many seconds to wait, for vendors that send no `Retry-After`.
    pub wait_header: Option<String>,
    /// Statuses besides 429 by which the vendor asks to wait.
    pub wait_statuses: Vec<u16>,
    /// What is asked, in order.
    pub requests: Vec<Request>,
    /// What is read from the answers.
    pub kris: Vec<Kri>,
}

/// Something the tenant supplies.
#[expect(
    clippy::struct_excessive_bools,
    reason = "secret and required are two questions of the catalog's contract"
)]
#[derive(Debug, Clone)]
pub struct Field {
    /// The key templates use.
    pub key: String,
    /// What people see.
    pub label: String,
    /// Whether it is sealed.
    pub secret: bool,
    /// Whether the source cannot do without.
    pub required: bool,
    /// What it is when the tenant says nothing; never for a secret.
    pub default: Option<String>,
    /// Where to find it.
    pub help: Option<String>,
}

impl Manifest {
    /// Reads and checks a manifest; `file` is only for the message.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistake> {
        check::manifest(&mistake::Source { file, text })
    }

    /// The request of that id.
    pub fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }
}

#[cfg(test)]
mod tests;
