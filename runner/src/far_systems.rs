//! Far systems on this machine: Slack, Jira, `ServiceNow` and a webhook receiver that speak the documented protocols, keep
//! what they are told and fail on purpose; for the demo, and for tests of what a failure means. (Mail's is `mail::loopback`.)

mod http;
mod jira;
mod mishap;
mod receiver;
mod server;
mod servicenow;
mod slack;

pub use http::{HttpReply, HttpRequest};
pub use jira::{FarJira, JiraIssue};
pub use mishap::{Mishap, Odds};
pub use receiver::{Delivery, WebhookReceiver};
pub use server::{FarSystem, System};
pub use servicenow::{FarServiceNow, Record};
pub use slack::{FarSlack, SlackMessage};
