//! Bounds how deep an expression goes, before anything recurses over it.

use super::guard::ExpressionError;

/// How deep brackets may nest; the parser and the evaluation recurse once a level.
const DEEPEST: usize = 24;

/// How many operators an expression may have; a chain of them recurses as brackets do.
const MOST_STEPS: usize = 100;

/// The parser and the evaluation recurse over brackets, `if` and prefix signs.
pub(super) fn bounded_nesting(source: &str) -> Result<(), ExpressionError> {
    let mut depth = 0_usize;
    for (at, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(ExpressionError::new(at, format!("brackets may nest {DEEPEST} deep")));
        }
    }
    let words = source.split(|c: char| !c.is_alphanumeric() && c != '_');
    let nesting = words.clone().filter(|word| matches!(*word, "if" | "elif" | "try" | "as")).count();
    if nesting > DEEPEST || source.contains("--") {
        return Err(ExpressionError::new(
            0,
            format!("at most {DEEPEST} of `if`, `try` and `as` in one expression"),
        ));
    }
    let joined = words.filter(|word| matches!(*word, "and" | "or")).count();
    if joined + source.bytes().filter(|b| b"|/,+-*%<>=!?".contains(b)).count() > MOST_STEPS {
        return Err(ExpressionError::new(0, "too many steps: split the expression"));
    }
    Ok(())
}
