//! Metrics in Prometheus's text form: how many requests, how they ended, how long they took.

use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

/// The counters of a process.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: Option<IntCounterVec>,
    seconds: Option<HistogramVec>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Counters at zero. A metric that cannot be registered is left out rather than keeping the program from starting.
    pub fn new() -> Self {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("draxis_http_requests_total", "Requests answered, by route and status"),
            &["method", "route", "status"],
        )
        .ok()
        .filter(|metric| registry.register(Box::new(metric.clone())).is_ok());
        let seconds = HistogramVec::new(
            HistogramOpts::new("draxis_http_request_seconds", "How long requests took, by route"),
            &["method", "route"],
        )
        .ok()
        .filter(|metric| registry.register(Box::new(metric.clone())).is_ok());
        Self { registry, requests, seconds }
    }

    /// Takes note of an answered request.
    pub fn answered(&self, method: &str, route: &str, status: u16, took: std::time::Duration) {
        if let Some(requests) = &self.requests {
            requests.with_label_values(&[method, route, &status.to_string()]).inc();
        }
        if let Some(seconds) = &self.seconds {
            seconds.with_label_values(&[method, route]).observe(took.as_secs_f64());
        }
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            tracing::warn!(%error, "metrics could not be written");
        }
        text
    }
}
