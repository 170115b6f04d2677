//! Problems: what is wrong with a definition, where, what is allowed and what to do next.

use serde::Serialize;

/// One thing wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "DefinitionProblem")]
pub struct Problem {
    /// Stable, such as `kri.unknown`.
    pub code: &'static str,
    /// JSON pointer into the definition (RFC 6901).
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What could stand there instead; empty where that cannot be listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub allowed: Vec<String>,
    /// What to do.
    pub next: String,
}

impl Problem {
    pub(crate) fn new(
        code: &'static str,
        at: &Pointer<'_>,
        message: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            code,
            pointer: at.to_string(),
            message: message.into(),
            allowed: Vec::new(),
            next: next.into(),
        }
    }

    #[must_use]
    pub(crate) fn allowing<T: ToString>(mut self, allowed: impl IntoIterator<Item = T>) -> Self {
        self.allowed = allowed.into_iter().take(Self::LISTED).map(|one| one.to_string()).collect();
        self
    }

    /// How many alternatives are listed at most.
    const LISTED: usize = 50;
}

/// A place in a definition on the way down to it, a JSON pointer when written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pointer<'a> {
    Root,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl Pointer<'_> {
    pub(crate) const fn key<'b>(&'b self, key: &'b str) -> Pointer<'b> {
        Pointer::Key(self, key)
    }

    pub(crate) const fn index(&self, index: usize) -> Pointer<'_> {
        Pointer::Index(self, index)
    }
}

impl std::fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{}", key.replace('~', "~0").replace('/', "~1")),
            Self::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}
