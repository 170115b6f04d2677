//! A receiver of signed webhooks that verifies them as Standard Webhooks has it, and can tell a repeat.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::http::{HttpReply, HttpRequest};
use super::server::System;

/// A delivery whose signature is right.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// The body.
    pub body: Value,
}

/// A receiver that knows one signing secret.
#[derive(Debug, Clone)]
pub struct WebhookReceiver {
    key: Vec<u8>,
    deliveries: Vec<Delivery>,
    refused: u64,
}

impl WebhookReceiver {
    /// Takes the secret as it is handed around, `whsec_…`; one that is none verifies nothing.
    pub fn new(secret: &str) -> Self {
        let key = secret.strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
        Self { key: key.unwrap_or_default(), deliveries: Vec::new(), refused: 0 }
    }

    /// All deliveries whose signature is right, repeats included, as they came.
    pub fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    /// How many things were delivered, repeats counted once.
    pub fn distinct(&self) -> usize {
        self.deliveries.iter().map(|one| one.id.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// How many deliveries had a wrong signature or none.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    fn verified(&self, request: &HttpRequest) -> Option<Delivery> {
        let (id, timestamp) = (request.header("webhook-id")?, request.header("webhook-timestamp")?);
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(&request.body);
        let signatures = request.header("webhook-signature")?.split(' ');
        let mut given = signatures.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
        if self.key.is_empty() || !given.any(|signature| mac.clone().verify_slice(&signature).is_ok()) {
            return None;
        }
        Some(Delivery {
            id: id.to_owned(),
            timestamp: timestamp.to_owned(),
            body: request.json().unwrap_or_default(),
        })
    }
}

impl System for WebhookReceiver {
    fn answer(&mut self, request: &HttpRequest) -> HttpReply {
        if request.method != "POST" {
            return HttpReply::text(405, "method not allowed");
        }
        if let Some(delivery) = self.verified(request) {
            self.deliveries.push(delivery);
            HttpReply::text(202, "taken")
        } else {
            self.refused = self.refused.saturating_add(1);
            self.refuse_login(request)
        }
    }

    fn refuse_login(&self, _: &HttpRequest) -> HttpReply {
        HttpReply::text(401, "the signature does not verify")
    }
}
