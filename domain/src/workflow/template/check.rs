//! Checking a template before it is kept: it parses, speaks only of what there is, and does only what a text may do.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt};
use minijinja::machinery::parse;

use super::{FILTERS, TESTS};
use crate::workflow::names::{Names, Unknown};

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::workflow) enum Flaw {
    /// It does not parse.
    Malformed { line: usize, what: String },
    /// It speaks of something that there is not.
    Unknown(Unknown),
    /// It uses a filter or a test that there is not.
    Function { name: String, allowed: Vec<String> },
    /// It does more than a text may do.
    Forbidden { what: &'static str },
}

/// Everything that is wrong with the template.
pub(in crate::workflow) fn flaws(text: &str, names: &Names) -> Vec<Flaw> {
    if let Some(line) = overlong_tag(text) {
        let what = format!(
            "what stands between braces has more than {LONGEST_TAG} characters; set parts of it before"
        );
        return vec![Flaw::Malformed { line, what }];
    }
    match parse(text, "template", minijinja::syntax::SyntaxConfig::default()) {
        Err(error) => vec![Flaw::Malformed {
            line: error.line().unwrap_or(1),
            what: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        }],
        Ok(root) => {
            let mut check = Check { names, locals: Vec::new(), flaws: Vec::new() };
            check.statement(&root);
            check.flaws.dedup();
            check.flaws
        }
    }
}

/// How long what stands between braces may be. The parser bounds its own recursion, but not the depth of a chain such as
/// a.b.c, and whoever walks what it gives back recurses.
const LONGEST_TAG: usize = 600;

/// How many tags a template may have: each `elif` nests in the one before.
const TAGS: usize = 400;

/// Whether the template is more than may be parsed.
pub(super) fn too_much(text: &str) -> bool {
    overlong_tag(text).is_some()
}

/// The line of the first tag that is too long, or of the first one too many.
fn overlong_tag(text: &str) -> Option<usize> {
    let (mut rest, mut line, mut tags) = (text, 1_usize, 0_usize);
    while let Some(start) = ["{{", "{%"].iter().filter_map(|open| rest.find(open)).min() {
        let (before, tag) = rest.split_at(start);
        line = line.saturating_add(before.matches('\n').count());
        let end = ["}}", "%}"].iter().filter_map(|close| tag.find(close)).min().unwrap_or(tag.len());
        tags = tags.saturating_add(1);
        if end > LONGEST_TAG || tags > TAGS {
            return Some(line);
        }
        rest = tag.get(end..).unwrap_or_default();
    }
    None
}

struct Check<'a> {
    names: &'a Names,
    /// Names that the template itself has set, innermost last.
    locals: Vec<String>,
    flaws: Vec<Flaw>,
}

impl Check<'_> {
    fn forbid(&mut self, what: &'static str) {
        self.flaws.push(Flaw::Forbidden { what });
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the parser's statements grow with its features; what is not known is refused"
    )]
    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.block(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::IfCond(branch) => {
                self.expression(&branch.expr);
                self.block(&branch.true_body);
                self.block(&branch.false_body);
            }
            Stmt::ForLoop(repeat) => {
                self.expression(&repeat.iter);
                let outer = self.locals.len();
                self.locals.push("loop".to_owned());
                self.assign(&repeat.target);
                repeat.filter_expr.iter().for_each(|filter| self.expression(filter));
                repeat.body.iter().for_each(|inner| self.statement(inner));
                self.locals.truncate(outer);
                self.block(&repeat.else_body);
            }
            Stmt::Set(set) => {
                self.expression(&set.expr);
                self.assign(&set.target);
            }
            // Switching the escaping off, other templates, functions of one's own: a text needs none of them.
            _ => self.forbid("only {{ … }}, {% if %}, {% for %} and {% set %}"),
        }
    }

    /// What is set inside a block ends with it.
    fn block(&mut self, statements: &[Stmt<'_>]) {
        let outer = self.locals.len();
        for inner in statements {
            self.statement(inner);
        }
        self.locals.truncate(outer);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever is no name is refused")]
    fn assign(&mut self, target: &Expr<'_>) {
        match target {
            Expr::Var(name) => self.locals.push(name.id.to_owned()),
            Expr::List(list) => list.items.iter().for_each(|item| self.assign(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.assign(item)),
            _ => self.forbid("a name to the left of ="),
        }
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        if let Some(path) = path(expression) {
            return self.name(&path);
        }
        match expression {
            Expr::Const(_) | Expr::Var(_) => {}
            Expr::UnaryOp(unary) => self.expression(&unary.expr),
            Expr::BinOp(binary) => {
                // A text that is doubled in each of a hundred tags fills any memory.
                if matches!(binary.op, BinOpKind::Add | BinOpKind::Mul | BinOpKind::Pow | BinOpKind::Concat) {
                    self.forbid("no sums and no texts put together; write them side by side");
                }
                self.expression(&binary.left);
                self.expression(&binary.right);
            }
            Expr::Compare(compare) => {
                self.expression(&compare.expr);
                compare.ops.iter().for_each(|op| self.expression(&op.expr));
            }
            Expr::IfExpr(branch) => {
                self.expression(&branch.test_expr);
                self.expression(&branch.true_expr);
                branch.false_expr.iter().for_each(|inner| self.expression(inner));
            }
            Expr::Filter(filter) => {
                self.function(filter.name, &FILTERS);
                filter.expr.iter().for_each(|inner| self.expression(inner));
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.function(test.name, &TESTS);
                self.expression(&test.expr);
                self.arguments(&test.args);
            }
            Expr::GetAttr(get) => self.expression(&get.expr),
            Expr::GetItem(get) => {
                self.expression(&get.expr);
                self.expression(&get.subscript_expr);
            }
            Expr::Slice(slice) => {
                self.expression(&slice.expr);
                [&slice.start, &slice.stop, &slice.step]
                    .into_iter()
                    .flatten()
                    .for_each(|part| self.expression(part));
            }
            Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => {
                if expression.as_const().is_none() {
                    self.forbid("lists of plain values only");
                }
            }
            Expr::Call(_) => self.forbid("values and filters; nothing can be called"),
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(inner)
                | CallArg::Kwarg(_, inner)
                | CallArg::PosSplat(inner)
                | CallArg::KwargSplat(inner) => self.expression(inner),
            }
        }
    }

    fn function(&mut self, name: &str, allowed: &[&str]) {
        if !allowed.contains(&name) {
            let allowed = allowed.iter().map(|&known| known.to_owned()).collect();
            self.flaws.push(Flaw::Function { name: name.to_owned(), allowed });
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
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever spells no path is walked as an expression")]
fn path<'a>(expression: &'a Expr<'a>) -> Option<Vec<&'a str>> {
    match expression {
        Expr::Var(name) => Some(vec![name.id]),
        Expr::GetAttr(get) => {
            let mut path = path(&get.expr)?;
            path.push(get.name);
            Some(path)
        }
        Expr::GetItem(get) => match &get.subscript_expr {
            Expr::Const(constant) => {
                let mut path = path(&get.expr)?;
                path.push(constant.value.as_str()?);
                Some(path)
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::flaws;
    use crate::workflow::names::Names;
    use crate::workflow::{Destination, Template};

    #[test]
    fn a_hostile_template_is_refused_or_read_but_never_overflows_the_stack() {
        let many = |part: &str, length: usize| part.repeat(length / part.len());
        let shapes = [
            format!("{{{{ run{} }}}}", many(".id", 50_000)),
            format!("{{{{ run{} }}}}", many(".id", 590)),
            format!("{{{{ 1{} }}}}", many("+1", 590)),
            format!("{{{{ {}1{} }}}}", many("(", 290), many(")", 290)),
            format!("{{{{ {}1 }}}}", many("-", 590)),
            format!("{{{{ {}1 }}}}", many("not ", 590)),
            format!("{{{{ {}1{} }}}}", many("[", 290), many("]", 290)),
            format!("{{{{ 1{} }}}}", many("|int", 590)),
            format!("{{% if run %}}{}{{% endif %}}", many("{% elif run %}", 5_500)),
            format!("{{% if run %}}{}{{% endif %}}", many("{% elif run %}", 50_000)),
            many("{% if run %}", 4_000),
            many("{{", 50_000),
            many("{#", 50_000),
            format!("{}{}", many("{% for a in [1] %}", 2_000), many("{% endfor %}", 50_000)),
        ];
        for shape in shapes {
            drop(flaws(&shape, &Names::at(None, [])));
            drop(Template::new(shape).render(&serde_json::json!({"run": {"id": 1}}), Destination::Html));
        }
    }

    #[test]
    fn a_long_text_with_ordinary_tags_is_read() {
        let text = "{{ run.id }} and what else there is to say\n".repeat(390);
        assert_eq!(flaws(&text, &Names::at(None, [])), []);
    }
}
