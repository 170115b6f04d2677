//! Conditions: whether a step is taken, in CEL.

use cel::Context;
use cel::common::ast::{EntryExpr, Expr, LiteralValue};
use cel::parser::{Expression, PrattParser};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::workflow::names::{DECIMALS, Names, Unknown};

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It does not parse.
    Malformed { column: usize, what: String },
    /// It speaks of something that there is not.
    Unknown(Unknown),
    /// It calls something that there is not.
    Function { name: String },
    /// It can never be true or false.
    NotBoolean,
    /// It loops inside a loop.
    Nested,
}

/// Why a condition could not be decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// It does not parse; the validator refuses such conditions.
    #[error("the condition does not parse")]
    Malformed,
    /// It speaks of something that this run does not have, or compares what cannot be compared.
    #[error("the condition cannot be decided here: {what}")]
    Undecided {
        /// What CEL says.
        what: String,
    },
    /// It is not true or false.
    #[error("the condition is neither true nor false; compare with something")]
    NotBoolean,
}

/// Functions that a condition may call, besides operators and CEL's macros.
pub(super) const FUNCTIONS: [&str; 12] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "timestamp",
    "duration",
    "dyn",
];

/// How deep a condition may nest: the interpreter recurses, and its thread's stack is not ours to choose.
const DEPTH: u16 = 32;

/// How many parts a condition may have, macros written out.
const PARTS: usize = 1000;

fn parse(source: &str) -> Result<Expression, Flaw> {
    let parser = PrattParser::new().max_recursion_depth(DEPTH).max_expression_node_count(PARTS);
    let root = parser.parse(source).map_err(|errors| {
        let error = errors.errors.into_iter().next();
        let column = error.as_ref().and_then(|error| usize::try_from(error.pos.1).ok()).unwrap_or(0);
        let what =
            error.map(|error| error.msg.lines().next().unwrap_or_default().to_owned()).unwrap_or_default();
        Flaw::Malformed { column, what }
    })?;
    // The parser's own limit does not count chains such as a.b.c or 1 + 1 + 1.
    if deeper_than(&root, usize::from(DEPTH) * 2) {
        return Err(Flaw::Malformed {
            column: 1,
            what: "nests too deep; split it over several steps".to_owned(),
        });
    }
    Ok(root)
}

/// Whether the expression is deeper than so many levels; without recursion, since this is what guards against it.
fn deeper_than(root: &Expression, limit: usize) -> bool {
    let mut level = vec![&root.expr];
    for _ in 0..limit {
        level = level.into_iter().flat_map(children).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

fn children(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => Vec::new(),
        Expr::Select(select) => vec![&select.operand.expr],
        Expr::Call(call) => call
            .target
            .iter()
            .map(|target| &target.expr)
            .chain(call.args.iter().map(|one| &one.expr))
            .collect(),
        Expr::List(list) => list.elements.iter().map(|one| &one.expr).collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|one| entry_parts(&one.expr)).collect(),
        Expr::Struct(made) => made.entries.iter().flat_map(|one| entry_parts(&one.expr)).collect(),
        Expr::Comprehension(each) => {
            [&each.iter_range, &each.accu_init, &each.loop_cond, &each.loop_step, &each.result]
                .map(|part| &part.expr)
                .into()
        }
    }
}

fn entry_parts(entry: &EntryExpr) -> Vec<&Expr> {
    match entry {
        EntryExpr::StructField(field) => vec![&field.value.expr],
        EntryExpr::MapEntry(pair) => vec![&pair.key.expr, &pair.value.expr],
    }
}

/// Whether the condition holds. Decimals of the KRI are numbers in a condition, times are texts.
pub fn holds(condition: &str, context: &Value) -> Result<bool, ConditionError> {
    let expression = parse(condition).map_err(|_| ConditionError::Malformed)?;
    let mut scope = Context::default();
    for (name, value) in context.as_object().into_iter().flatten() {
        let decimals = matches!(name.as_str(), "kri" | "trigger");
        let value = cel::to_value(Plain { value, decimals })
            .map_err(|error| ConditionError::Undecided { what: error.to_string() })?;
        scope.add_variable_from_value(name.as_str(), value);
    }
    match cel::Value::resolve(&expression, &scope) {
        Ok(cel::Value::Bool(holds)) => Ok(holds),
        Ok(_) => Err(ConditionError::NotBoolean),
        Err(error) => Err(ConditionError::Undecided { what: error.to_string() }),
    }
}

/// JSON as CEL sees it: whole numbers signed, and decimals that are texts on the wire as numbers.
struct Plain<'a> {
    value: &'a Value,
    decimals: bool,
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(yes) => serializer.serialize_bool(*yes),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => serializer.serialize_i64(whole),
                (None, Some(fraction)) => serializer.serialize_f64(fraction),
                (None, None) => serializer.serialize_str(&number.to_string()),
            },
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for value in items {
                    list.serialize_element(&Plain { value, decimals: false })?;
                }
                list.end()
            }
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    let decimal = (self.decimals && DECIMALS.contains(&name.as_str()))
                        .then(|| value.as_str().and_then(|text| text.parse::<f64>().ok()))
                        .flatten();
                    match decimal {
                        Some(number) => map.serialize_entry(name, &number)?,
                        None => map.serialize_entry(name, &Plain { value, decimals: false })?,
                    }
                }
                map.end()
            }
        }
    }
}

/// Everything that is wrong with the condition.
pub(super) fn flaws(condition: &str, names: &Names) -> Vec<Flaw> {
    match parse(condition) {
        Err(flaw) => vec![flaw],
        Ok(root) => {
            let mut check = Check { names, locals: Vec::new(), loops: 0, flaws: Vec::new() };
            check.expression(&root.expr);
            if never_boolean(&root.expr) {
                check.flaws.push(Flaw::NotBoolean);
            }
            check.flaws.dedup();
            check.flaws
        }
    }
}

/// Whether the expression can have no value of true or false, as far as that is plain to see.
fn never_boolean(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(literal) => !matches!(literal, LiteralValue::Boolean(_)),
        Expr::List(_) | Expr::Map(_) | Expr::Struct(_) => true,
        Expr::Call(call) => matches!(
            call.func_name.as_str(),
            "_+_"
                | "_-_"
                | "_*_"
                | "_/_"
                | "_%_"
                | "-_"
                | "size"
                | "string"
                | "int"
                | "uint"
                | "double"
                | "timestamp"
                | "duration"
        ),
        Expr::Unspecified | Expr::Comprehension(_) | Expr::Ident(_) | Expr::Select(_) => false,
    }
}

struct Check<'a> {
    names: &'a Names,
    locals: Vec<String>,
    loops: usize,
    flaws: Vec<Flaw>,
}

impl Check<'_> {
    fn expression(&mut self, expression: &Expr) {
        if let Some(path) = path(expression) {
            return self.name(&path);
        }
        match expression {
            Expr::Unspecified
            | Expr::Literal(_)
            | Expr::Ident(_)
            | Expr::Select(_)
            | Expr::List(_)
            | Expr::Map(_) => self.all(expression),
            Expr::Call(call) => {
                self.function(&call.func_name);
                self.all(expression);
            }
            Expr::Struct(made) => {
                self.function(&made.type_name);
                self.all(expression);
            }
            Expr::Comprehension(each) => {
                self.expression(&each.iter_range.expr);
                self.loops += 1;
                if self.loops > 1 {
                    self.flaws.push(Flaw::Nested);
                }
                let outer = self.locals.len();
                self.locals.extend([each.iter_var.clone(), each.accu_var.clone()]);
                self.locals.extend(each.iter_var2.clone());
                for part in [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result] {
                    self.expression(&part.expr);
                }
                self.locals.truncate(outer);
                self.loops -= 1;
            }
        }
    }

    fn all(&mut self, expression: &Expr) {
        for inner in children(expression) {
            self.expression(inner);
        }
    }

    fn function(&mut self, name: &str) {
        let operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !operator && !FUNCTIONS.contains(&name) {
            self.flaws.push(Flaw::Function { name: name.to_owned() });
        }
    }

    fn name(&mut self, path: &[&str]) {
        let local = path.first().is_some_and(|root| self.locals.iter().any(|local| local == root));
        if !local && let Err(unknown) = self.names.find(path) {
            self.flaws.push(Flaw::Unknown(unknown));
        }
    }
}

/// The path that an expression spells: `a.b["c"]` is a, b, c.
fn path(expression: &Expr) -> Option<Vec<&str>> {
    match expression {
        Expr::Ident(name) => Some(vec![name]),
        Expr::Select(select) => {
            let mut path = path(&select.operand.expr)?;
            path.push(&select.field);
            Some(path)
        }
        Expr::Call(call) if call.func_name == "_[_]" => match call.args.as_slice() {
            [operand, index] => {
                let Expr::Literal(LiteralValue::String(field)) = &index.expr else { return None };
                let mut path = path(&operand.expr)?;
                path.push(field.inner());
                Some(path)
            }
            _ => None,
        },
        Expr::Unspecified
        | Expr::Call(_)
        | Expr::Comprehension(_)
        | Expr::List(_)
        | Expr::Literal(_)
        | Expr::Map(_)
        | Expr::Struct(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ConditionError, Names, holds};

    #[test]
    fn decimals_are_compared_as_numbers() {
        let context = json!({
            "kri": {"value": "12.50", "status": "red"}, "trigger": {"level": "red"}, "run": {"version": 3},
            "steps": {"ask": {"state": "succeeded", "result": {"decision": "approved", "votes": [{"by": "a"}]}}},
        });
        for condition in [
            "kri.value > 10",
            "kri.value >= 12.5 && trigger.level == 'red'",
            "run.version == 3",
            "steps.ask.result.decision in ['approved', 'waived']",
            "has(steps.ask) && !has(steps.other)",
            "steps.ask.result.votes.exists(v, v.by == 'a')",
            "size(steps.ask.result.votes) == 1",
        ] {
            assert_eq!(holds(condition, &context), Ok(true), "{condition}");
        }
        assert_eq!(holds("kri.value < 10", &context), Ok(false));
    }

    #[test]
    fn a_hostile_condition_is_refused_or_read_but_never_overflows_the_stack() {
        let around = |open: &str, close: &str| {
            let times = 1000 / (open.len() + close.len());
            format!("{}true{}", open.repeat(times), close.repeat(times))
        };
        let shapes = [
            ("(", ")"),
            ("[", "]"),
            ("!", ""),
            ("-", ""),
            ("true ? true : ", ""),
            ("{1: ", "}"),
            ("size(", ")"),
            ("true && ", ""),
            ("true || (", ")"),
            ("", ".a"),
            ("", "[0]"),
            ("", " + 1"),
            ("[1].all(x, ", ")"),
            ("has(", ")"),
            ("\"", ""),
            ("a.b{c: ", "}"),
        ];
        for (open, close) in shapes {
            let condition = around(open, close);
            drop(super::flaws(&condition, &Names::at(None, [])));
            drop(holds(&condition, &json!({})));
        }
    }

    #[test]
    fn what_cannot_be_decided_is_an_error_and_not_false() {
        let context = json!({ "kri": {"value": "1"} });
        assert!(matches!(holds("steps.a.state == 'x'", &context), Err(ConditionError::Undecided { .. })));
        assert_eq!(holds("kri.value", &context), Err(ConditionError::NotBoolean));
        assert_eq!(holds("kri.value >", &context), Err(ConditionError::Malformed));
    }
}
