//! A model that says what it was told to say, for tests: nothing in it decides anything.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Ask, Model, ModelError, ModelName, Piece, Reply, Tokens};

/// What a scripted model answers.
enum Script {
    // These replies, one after the other.
    Replies(Mutex<VecDeque<Result<Reply, ModelError>>>),
    // Whatever this makes of what it is asked.
    Following(Box<dyn Fn(&Ask) -> Reply + Send + Sync>),
}

/// A model that follows a script, and remembers what it was asked.
pub struct Scripted {
    script: Script,
    asked: Mutex<Vec<Ask>>,
}

impl Scripted {
    /// A model that gives these replies.
    pub fn replies(replies: impl IntoIterator<Item = Result<Reply, ModelError>>) -> Self {
        let script = Script::Replies(Mutex::new(replies.into_iter().collect()));
        Self { script, asked: Mutex::default() }
    }

    /// A model that makes its replies of what it is asked.
    pub fn following(following: impl Fn(&Ask) -> Reply + Send + Sync + 'static) -> Self {
        Self { script: Script::Following(Box::new(following)), asked: Mutex::default() }
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Ask> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Model for Scripted {
    fn name(&self) -> ModelName {
        ModelName { provider: "scripted", model: "script".to_owned() }
    }

    fn ask<'a>(
        &'a self,
        ask: &'a Ask,
        hear: &'a mut (dyn FnMut(Piece<'_>) + Send),
    ) -> BoxFuture<'a, Result<Reply, ModelError>> {
        async move {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(ask.clone());
            let reply = match &self.script {
                Script::Replies(replies) => {
                    let next = replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    next.unwrap_or(Err(ModelError::Script))?
                }
                Script::Following(following) => following(ask),
            };
            hear(Piece::Text(&reply.text));
            for (nth, call) in (0..).zip(&reply.calls) {
                let with = call.with.to_string();
                for piece in with.split_inclusive(|c: char| !c.is_alphanumeric()) {
                    hear(Piece::Call { nth, name: &call.name, with: piece });
                }
            }
            let tokens =
                if reply.tokens == Tokens::default() { Tokens { input: 1, output: 1 } } else { reply.tokens };
            Ok(Reply { tokens, ..reply })
        }
        .boxed()
    }
}
