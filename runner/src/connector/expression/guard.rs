//! The guard admits the part of jq that always ends and rewrites it: arithmetic becomes exact, every step is metered.
//!
//! Left out: definitions, reduce, foreach, labels, assignments, modules and every function not listed in `ADMITTED`;
//! with them go unbounded loops, the environment, the clock, the process's exit and regular expressions that backtrack.

use jaq_core::load::lex::{Lexer, StrPart};
use jaq_core::load::parse::{BinaryOp, Parser, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

use super::LONGEST;
use super::admitted::ADMITTED;
use super::nesting::bounded_nesting;

/// Why an expression was not admitted, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ExpressionError {
    /// Bytes from the start of the expression to the mistake.
    pub offset: usize,
    /// What is wrong and what to write instead.
    pub reason: String,
}

impl ExpressionError {
    pub(super) fn new(offset: usize, reason: impl Into<String>) -> Self {
        Self { offset, reason: reason.into() }
    }
}

/// Parses and admits an expression.
pub(super) fn admit(source: &str) -> Result<Term<&str>, ExpressionError> {
    if source.len() > LONGEST {
        return Err(ExpressionError::new(LONGEST, format!("an expression may have {LONGEST} characters")));
    }
    bounded_nesting(source)?;
    let tokens = Lexer::new(source).lex().map_err(|errors| match errors.first() {
        Some((expected, rest)) => {
            ExpressionError::new(source.len() - rest.len(), format!("expected {}", expected.as_str()))
        }
        None => ExpressionError::new(0, "cannot be read as jq"),
    })?;
    let term = Parser::new(&tokens).parse(Parser::term).map_err(|errors| match errors.first() {
        Some((expected, Some(found))) => {
            let at = offset_of(source, found.0);
            ExpressionError::new(at, format!("expected {} before `{}`", expected.as_str(), found.0))
        }
        Some((expected, None)) => {
            ExpressionError::new(source.len(), format!("ends where {} is expected", expected.as_str()))
        }
        None => ExpressionError::new(0, "cannot be read as jq"),
    })?;
    Guard { source }.term(term)
}

/// What the compiler could not resolve; only variables can be left, since functions were checked before.
pub(super) fn undefined(source: &str, errors: &jaq_core::compile::Errors<&str, ()>) -> ExpressionError {
    errors.iter().flat_map(|(_, found)| found).next().map_or_else(
        || ExpressionError::new(0, "cannot be compiled"),
        |(name, kind)| {
            let at = offset_of(source, name);
            ExpressionError::new(at, format!("the {} `{name}` does not exist", kind.as_str()))
        },
    )
}

/// Where a part of the source stands in it; parts that are not of the source stand at its start.
fn offset_of(source: &str, part: &str) -> usize {
    source
        .match_indices(part)
        .map(|(at, _)| at)
        .find(|at| source.get(*at..).is_some_and(|s| std::ptr::eq(s.as_ptr(), part.as_ptr())))
        .unwrap_or(0)
}

struct Guard<'s> {
    source: &'s str,
}

type Admitted<'s> = Result<Term<&'s str>, ExpressionError>;

/// Members of an object as the parser gives them.
type Members<'s> = Vec<(Term<&'s str>, Option<Term<&'s str>>)>;

impl<'s> Guard<'s> {
    fn refuse<T>(&self, part: &str, reason: &str) -> Result<T, ExpressionError> {
        Err(ExpressionError::new(offset_of(self.source, part), reason))
    }

    fn boxed(&self, term: Term<&'s str>) -> Result<Box<Term<&'s str>>, ExpressionError> {
        self.term(term).map(Box::new)
    }

    fn list(&self, terms: Vec<Term<&'s str>>) -> Result<Vec<Term<&'s str>>, ExpressionError> {
        terms.into_iter().map(|term| self.term(term)).collect()
    }

    fn term(&self, term: Term<&'s str>) -> Admitted<'s> {
        Ok(match term {
            Term::Id | Term::Num(_) | Term::Var(_) => term,
            Term::Recurse => metered(term),
            Term::Str(None, parts) => metered(Term::Str(None, self.parts(parts)?)),
            Term::Str(Some(format), _) => {
                return self.refuse(format, "formats such as @csv are not admitted");
            }
            Term::Arr(None) => Term::Arr(None),
            Term::Arr(Some(inner)) => metered(Term::Arr(Some(self.boxed(*inner)?))),
            Term::Obj(members) => metered(Term::Obj(self.members(members)?)),
            Term::Neg(inner) => Term::Neg(self.boxed(*inner)?),
            Term::BinOp(left, op, right) => self.operation(*left, op, *right)?,
            Term::TryCatch(tried, None) => Term::TryCatch(self.boxed(*tried)?, None),
            Term::TryCatch(tried, Some(caught)) => {
                Term::TryCatch(self.boxed(*tried)?, Some(self.boxed(*caught)?))
            }
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise)?,
            Term::Call(name, arguments) => self.call(name, arguments)?,
            Term::Path(head, path) => metered(Term::Path(self.boxed(*head)?, self.path(path)?)),
            Term::Label(name, _) | Term::Break(name) | Term::Fold(name, ..) => {
                return self
                    .refuse(name, "label, break, reduce and foreach are not admitted: use add, map, select");
            }
            Term::Def(definitions, _) => {
                let name = definitions.first().map_or("", |d| d.name);
                return self.refuse(name, "definitions are not admitted: write the expression out");
            }
        })
    }

    fn call(&self, name: &'s str, arguments: Vec<Term<&'s str>>) -> Admitted<'s> {
        if !ADMITTED.contains(&(name, arguments.len())) {
            let reason =
                format!("the function `{name}/{}` does not exist or is not admitted", arguments.len());
            return self.refuse(name, &reason);
        }
        let ours = match name {
            // jq's own add and tonumber go through floats and an unbounded parser.
            "add" => "draxis_add",
            "tonumber" => "draxis_number",
            _ => name,
        };
        Ok(metered(Term::Call(ours, self.list(arguments)?)))
    }

    fn operation(&self, left: Term<&'s str>, op: BinaryOp<&'s str>, right: Term<&'s str>) -> Admitted<'s> {
        let exact = match &op {
            BinaryOp::Math(Math::Add) => Some("draxis_plus"),
            BinaryOp::Math(Math::Sub) => Some("draxis_minus"),
            BinaryOp::Math(Math::Mul) => Some("draxis_times"),
            BinaryOp::Math(Math::Div) => Some("draxis_over"),
            BinaryOp::Math(Math::Rem) => Some("draxis_rest"),
            BinaryOp::Pipe(None | Some(Pattern::Var(_)))
            | BinaryOp::Comma
            | BinaryOp::Alt
            | BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Cmp(_) => None,
            BinaryOp::Pipe(Some(_)) => {
                return self.refuse("", "`as` binds one variable, such as `. as $all`");
            }
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                return self.refuse("", "assignments are not admitted: an expression only reads");
            }
        };
        let (left, right) = (self.term(left)?, self.term(right)?);
        Ok(metered(match exact {
            Some(name) => Term::Call(name, vec![left, right]),
            None => Term::BinOp(Box::new(left), op, Box::new(right)),
        }))
    }

    fn branches(
        &self,
        branches: Vec<(Term<&'s str>, Term<&'s str>)>,
        otherwise: Option<Box<Term<&'s str>>>,
    ) -> Admitted<'s> {
        let branches = branches
            .into_iter()
            .map(|(when, then)| Ok((self.term(when)?, self.term(then)?)))
            .collect::<Result<_, ExpressionError>>()?;
        let otherwise = otherwise.map(|term| self.boxed(*term)).transpose()?;
        Ok(Term::IfThenElse(branches, otherwise))
    }

    fn members(&self, members: Members<'s>) -> Result<Members<'s>, ExpressionError> {
        members
            .into_iter()
            .map(|(key, value)| match (key, value) {
                // `{name}` and `{$x}` are short for `{name: .name}`: their key must stay as it was written.
                (key, None) => self.term(key.clone()).map(|_| (key, None)),
                (key, Some(value)) => Ok((self.term(key)?, Some(self.term(value)?))),
            })
            .collect()
    }

    fn parts(
        &self,
        parts: Vec<StrPart<&'s str, Term<&'s str>>>,
    ) -> Result<Vec<StrPart<&'s str, Term<&'s str>>>, ExpressionError> {
        parts
            .into_iter()
            .map(|part| match part {
                StrPart::Str(text) => Ok(StrPart::Str(text)),
                StrPart::Char(c) => Ok(StrPart::Char(c)),
                StrPart::Term(term) => self.term(term).map(StrPart::Term),
            })
            .collect()
    }

    fn path(&self, path: Path<Term<&'s str>>) -> Result<Path<Term<&'s str>>, ExpressionError> {
        let part = |part| {
            Ok(match part {
                Part::Index(at) => Part::Index(self.term(at)?),
                Part::Range(from, to) => Part::Range(
                    from.map(|term| self.term(term)).transpose()?,
                    to.map(|term| self.term(term)).transpose()?,
                ),
            })
        };
        path.0.into_iter().map(|(p, optional)| Ok((part(p)?, optional))).collect::<Result<_, _>>().map(Path)
    }
}

/// A term whose every output is counted.
fn metered(term: Term<&str>) -> Term<&str> {
    Term::BinOp(Box::new(term), BinaryOp::Pipe(None), Box::new(Term::Call("draxis_tick", Vec::new())))
}
