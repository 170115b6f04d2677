//! Asking what a name stands for: a port, so that tests can bring their own answers.

use std::io;
use std::net::IpAddr;

use futures_util::future::BoxFuture;

/// What a name stands for. Called once a connection; its answers are judged and then connected to.
pub trait Resolver: Send + Sync {
    /// All addresses of a name, none left out.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The operating system's answers: its hosts file, its name servers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let answers = tokio::net::lookup_host((name, 0)).await?;
            Ok(answers.map(|answer| answer.ip()).collect())
        })
    }
}
