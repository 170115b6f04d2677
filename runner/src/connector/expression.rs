//! An expression reads a number, a list or a token out of a vendor's reply: a bounded subset of jq.
//!
//! Expressions come from manifests and from tenants' own sources, so none may hang the process, fill its
//! memory, read its environment or its clock. `guard` admits only what ends; `meter` bounds what remains.

mod admitted;
mod decimal;
mod guard;
mod meter;
mod natives;
mod nesting;
mod time;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jaq_core::load::{Arena, File, Loader, parse::Def};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::Val;

pub(crate) use decimal::decimal_of;
pub use guard::ExpressionError;
use meter::{Guarded, Meter, Running};

/// The longest expression read, in bytes: long enough for any KRI, short enough to compile at once.
pub const LONGEST: usize = 2_000;

/// How many values one expression may yield.
const MOST_OUTPUTS: usize = 100_000;

/// Steps one evaluation may take. A hundred thousand findings through a filter of fifty steps fit.
const FUEL: u64 = 5_000_000;

/// How long one expression may take over one run's documents.
const LONGEST_EVALUATION: Duration = Duration::from_secs(10);

/// A compiled expression; cheap to clone.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    source: String,
    filter: Filter<Guarded>,
}

/// What an expression may read besides its input.
#[derive(Clone)]
pub struct Scope {
    /// The run's clock, as `now` and `$now` (seconds since 1970).
    pub now: DateTime<Utc>,
    /// The source's settings that are not secret, as `$config`.
    pub config: Val,
}

/// Why an expression gave nothing. The far document is never quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The document lacks what the expression reads.
    #[error("the reply does not have the shape the expression reads")]
    Shape,
    /// The expression worked longer than it may.
    #[error("the expression took too long over this reply: make it simpler or ask the vendor for less")]
    TooMuchWork,
    /// The expression gave more values than it may.
    #[error("the expression gave more than 100000 values: narrow it")]
    TooManyValues,
}

impl Expression {
    /// Compiles an expression, or says where and why it cannot be admitted.
    pub fn parse(source: &str) -> Result<Self, ExpressionError> {
        let body = guard::admit(source)?;
        let prelude = natives::definitions().chain([Def { name: "admitted", args: Vec::new(), body }]);
        let arena = Arena::default();
        let modules = Loader::new(prelude)
            .load(&arena, File { code: "admitted", path: () })
            .map_err(|_| ExpressionError::new(0, "cannot be read as jq"))?;
        let filter = Compiler::default()
            .with_funs(natives::functions())
            .with_global_vars(["$now", "$config"])
            .compile(modules)
            .map_err(|errors| guard::undefined(source, &errors))?;
        Ok(Self(Arc::new(Compiled { source: source.to_owned(), filter })))
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// All values the expression gives for a document.
    pub fn all(&self, input: Val, scope: &Scope) -> Result<Vec<Val>, EvaluationError> {
        self.all_within(&Meter::new(FUEL, LONGEST_EVALUATION), input, scope)
    }

    fn all_within(&self, meter: &Meter, input: Val, scope: &Scope) -> Result<Vec<Val>, EvaluationError> {
        let running = Running { lut: &self.0.filter.lut, meter, now: scope.now.timestamp() };
        let now = usize::try_from(scope.now.timestamp()).map(Val::from).unwrap_or_default();
        let ctx = Ctx::<Guarded>::new(running, Vars::new([now, scope.config.clone()]));
        let mut values = Vec::new();
        for output in self.0.filter.id.run((ctx, input)) {
            // Never `unwrap_valr`: on a halt, which is how the meter stops an expression, it ends the process.
            let value = output.map_err(|stopped| match stopped.get_err() {
                Ok(_) => EvaluationError::Shape,
                Err(_) => EvaluationError::TooMuchWork,
            })?;
            if values.len() == MOST_OUTPUTS {
                return Err(EvaluationError::TooManyValues);
            }
            values.push(value);
        }
        Ok(values)
    }

    /// The one value the expression gives for a document; none or several is a shape that was not expected.
    pub fn one(&self, input: Val, scope: &Scope) -> Result<Val, EvaluationError> {
        match <[Val; 1]>::try_from(self.all(input, scope)?) {
            Ok([value]) => Ok(value),
            Err(_) => Err(EvaluationError::Shape),
        }
    }

    /// As `all`, away from the threads that serve others: an expression may take seconds of a core.
    pub async fn all_apart(&self, input: Val, scope: &Scope) -> Result<Vec<Val>, EvaluationError> {
        let (expression, scope) = (self.clone(), scope.clone());
        let evaluated = tokio::task::spawn_blocking(move || expression.all(input, &scope)).await;
        evaluated.unwrap_or(Err(EvaluationError::TooMuchWork))
    }

    /// As `one`, away from the threads that serve others.
    pub async fn one_apart(&self, input: Val, scope: &Scope) -> Result<Val, EvaluationError> {
        let (expression, scope) = (self.clone(), scope.clone());
        let evaluated = tokio::task::spawn_blocking(move || expression.one(input, &scope)).await;
        evaluated.unwrap_or(Err(EvaluationError::TooMuchWork))
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.0.source).finish()
    }
}

#[cfg(test)]
mod tests;
