//! Numbers of a reply as exact decimals, and back.

use std::str::FromStr;

use jaq_core::ValT;
use jaq_json::{Num, Val};
use rust_decimal::Decimal;

/// The exact decimal a value is, when it is a number that a decimal can hold.
pub(crate) fn decimal_of(value: &Val) -> Option<Decimal> {
    match value {
        Val::Num(Num::Int(n)) => i64::try_from(*n).ok().map(Decimal::from),
        Val::Num(number) => parse(&number.to_string()),
        Val::Null | Val::Bool(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) | Val::Obj(_) => None,
    }
}

/// The exact decimal a text spells, plain or with an exponent.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    if text.contains(['e', 'E']) { Decimal::from_scientific(text).ok() } else { Decimal::from_str(text).ok() }
}

/// A decimal as a value: a whole number when it is one.
pub(super) fn value_of(decimal: Decimal) -> Option<Val> {
    Val::from_num(&decimal.normalize().to_string()).ok()
}
