//! The one way out: every request this program makes to another machine goes through [`Egress`] (hazard H7).
//!
//! A target is parsed once, its name resolved once, every answer judged, and the connection made to a judged address
//! with the name kept for TLS and `Host`. No redirects, no proxies, bounded time and size. Credentials are opened in
//! [`open`] and nowhere else (hazard H8).

mod address;
mod allowed_networks;
mod client;
mod config;
mod error;
#[cfg(test)]
pub(crate) mod far_server;
mod gate;
mod open;
mod request;
mod resolver;
mod response;
mod target;
mod tls;

pub use address::NotGlobal;
pub use allowed_networks::{AllowedNetworks, NetworkError};
pub use client::Egress;
pub use config::{EgressConfig, Limits, Timeouts};
pub(crate) use error::find;
pub use error::{BuildError, EgressError, Phase};
pub(crate) use gate::{Channel, Gate, GateError};
pub use request::{Body, Field, Request, RequestError};
pub use resolver::{Resolver, SystemResolver};
pub use response::Response;
pub use target::{Refused, Target};
pub use tls::roots_from_pem;

pub use reqwest::{Method, StatusCode, header};
