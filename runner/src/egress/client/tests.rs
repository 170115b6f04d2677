//! The egress client against far systems that lie, stall, flood and redirect.

mod answers;
mod spellings;
mod telling_apart;
mod trust;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::egress::{
    AllowedNetworks, Egress, EgressConfig, EgressError, Limits, Request, Resolver, Response, Target, Timeouts,
};

/// Answers from a list: for each name what it says the first time, the second time, and from then on.
#[derive(Default)]
pub(super) struct Names {
    answers: Mutex<BTreeMap<String, VecDeque<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub(super) fn with(self, name: &str, turns: &[&[&str]]) -> Self {
        let turns = turns.iter().map(|turn| turn.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), turns);
        self
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Resolver for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.asked.lock().unwrap().push(name.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let turn = answers
            .get_mut(name)
            .and_then(|turns| if turns.len() > 1 { turns.pop_front() } else { turns.front().cloned() });
        Box::pin(async move { turn.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound)) })
    }
}

pub(super) fn config(allow: AllowedNetworks) -> EgressConfig {
    let timeouts = Timeouts {
        connect: Duration::from_secs(1),
        idle: Duration::from_millis(1500),
        total: Duration::from_secs(2),
    };
    EgressConfig { allow, timeouts, limits: Limits { body_bytes: 64 * 1024 }, ..EgressConfig::default() }
}

pub(super) fn loopback() -> Egress {
    Egress::new(&config(AllowedNetworks::loopback()), Arc::new(Names::default())).unwrap()
}

pub(super) async fn get(egress: &Egress, url: &str) -> Result<Response, EgressError> {
    egress.send(Request::get(Target::parse(url)?)).await
}

/// An error with everything it can be made to say.
pub(super) fn all_it_says(error: &EgressError) -> String {
    let first: &dyn std::error::Error = error;
    let chain = std::iter::successors(Some(first), |error| error.source());
    chain.map(|error| format!("{error} {error:?}")).collect::<Vec<_>>().join(" ")
}
