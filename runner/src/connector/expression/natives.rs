//! What an admitted expression is made of: jq's own reading functions, exact arithmetic, ages, percentages, percentiles.

use jaq_core::box_iter::box_once;
use jaq_core::load::parse::Def;
use jaq_core::native::{self, Fun, bome, v};
use jaq_core::{Cv, Error, Exn, RunPtr, ValR, ValXs};
use jaq_json::Val;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::decimal::{decimal_of, parse, value_of};
use super::meter::Guarded;
use super::time::seconds;

/// Definitions on top of the native functions.
const OURS: &str = "
def count(f): [f] | length;
def share(f): draxis_percent([.[] | select(f)] | length; length);
def percent(part; whole): draxis_percent(part; whole);
def percentile(p): draxis_percentile(p);

def draxis_add: draxis_sum;
def draxis_add(f): [f] | draxis_sum;
def mean: if length == 0 then null else draxis_over(draxis_sum; length) end;
";

/// Native functions that no compiled expression holds, so that even a hole in the guard does not open them.
const WITHHELD: &[&str] = &[
    "env",
    "now",
    "halt",
    "localtime",
    "strflocaltime",
    "debug_empty",
    "stderr_empty",
    "input",
    "inputs",
    "fromjson",
];

/// jq's definitions without those that need a withheld function, and ours.
pub(super) fn definitions<'s>() -> impl Iterator<Item = Def<&'s str>> {
    let needs_withheld = |def: &Def<&'s str>| {
        matches!(def.name, "halt" | "halt_error" | "stderr" | "debug" | "totype" | "tonumber" | "toboolean")
    };
    let ours = jaq_core::load::parse(OURS, |p| p.defs()).unwrap_or_default();
    let jaq = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let jaq = jaq.map(|Def { name, args, body }| Def::<&'s str> { name, args, body });
    jaq.filter(move |def| !needs_withheld(def)).chain(ours)
}

/// jq's native functions without the withheld ones, and ours.
pub(super) fn functions() -> impl Iterator<Item = Fun<Guarded>> {
    let jaq = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    jaq.filter(|(name, ..)| !WITHHELD.contains(name)).chain(ours())
}

fn ours() -> impl Iterator<Item = Fun<Guarded>> {
    let list: [(&'static str, usize, RunPtr<Guarded>); 15] = [
        ("draxis_tick", 0, tick),
        ("draxis_plus", 2, |cv| exact(cv, Decimal::checked_add, |l, r| l + r)),
        ("draxis_minus", 2, |cv| exact(cv, Decimal::checked_sub, |l, r| l - r)),
        ("draxis_times", 2, |cv| exact(cv, Decimal::checked_mul, |_, _| Err(not_a("number")))),
        ("draxis_over", 2, |cv| exact(cv, Decimal::checked_div, |_, _| Err(not_a("number")))),
        ("draxis_rest", 2, |cv| exact(cv, Decimal::checked_rem, |_, _| Err(not_a("number")))),
        ("draxis_sum", 0, |cv| bome(sum(&cv.1))),
        ("draxis_number", 0, |cv| bome(number(cv.1))),
        ("draxis_percent", 2, |cv| binary(cv, |_, part, whole| percent(&part, &whole))),
        ("draxis_percentile", 1, |mut cv| {
            let p = cv.0.pop_var();
            bome(percentile(&cv.1, &p))
        }),
        ("now", 0, |cv| bome(integer(cv.0.data().now))),
        ("epoch", 0, |cv| bome(seconds(&cv.1).ok_or_else(|| not_a("time")).and_then(integer))),
        ("iso", 0, |cv| bome(iso(&cv.1))),
        ("age_days", 0, |cv| bome(age_days(&cv))),
        ("older_than", 1, |mut cv| {
            let days = cv.0.pop_var();
            bome(older_than(&cv, &days))
        }),
    ];
    list.into_iter().map(|(name, arity, run)| native::run::<Guarded>((name, v(arity), run)))
}

/// An error that names what was expected and quotes nothing of the document.
fn not_a(expected: &'static str) -> Error<Val> {
    Error::str(format_args!("not a {expected}"))
}

fn tick(cv: Cv<'_, Guarded>) -> ValXs<'_, Val> {
    if cv.0.data().meter.spend(&cv.1) { box_once(Ok(cv.1)) } else { box_once(Err(Exn::halt(1))) }
}

fn binary(mut cv: Cv<'_, Guarded>, f: impl Fn(Val, Val, Val) -> ValR<Val>) -> ValXs<'_, Val> {
    let right = cv.0.pop_var();
    let left = cv.0.pop_var();
    bome(f(cv.1, left, right))
}

/// Exact arithmetic when both sides are numbers; jq's own rule (concatenation, merging) otherwise.
fn exact(
    cv: Cv<'_, Guarded>,
    numbers: fn(Decimal, Decimal) -> Option<Decimal>,
    otherwise: fn(Val, Val) -> ValR<Val>,
) -> ValXs<'_, Val> {
    binary(cv, |_, left, right| match (&left, &right) {
        (Val::Num(_), Val::Num(_)) => {
            let both = decimal_of(&left).zip(decimal_of(&right));
            both.and_then(|(l, r)| numbers(l, r)).and_then(value_of).ok_or_else(|| not_a("number that fits"))
        }
        _ => otherwise(left, right),
    })
}

fn integer(number: i64) -> ValR<Val> {
    value_of(Decimal::from(number)).ok_or_else(|| not_a("number"))
}

fn items(value: &Val) -> Result<&[Val], Error<Val>> {
    if let Val::Arr(items) = value { Ok(items) } else { Err(not_a("list")) }
}

fn sum(list: &Val) -> ValR<Val> {
    let items = items(list)?;
    if items.is_empty() {
        return Ok(Val::Null);
    }
    if items.iter().all(|item| matches!(item, Val::Num(_))) {
        let total = items.iter().try_fold(Decimal::ZERO, |sum, item| sum.checked_add(decimal_of(item)?));
        return total.and_then(value_of).ok_or_else(|| not_a("sum that fits"));
    }
    if items.iter().all(|item| matches!(item, Val::Arr(_) | Val::Null)) {
        let lists =
            items.iter().filter_map(|item| if let Val::Arr(inner) = item { Some(inner) } else { None });
        return Ok(lists.flat_map(|inner| inner.iter().cloned()).collect());
    }
    Err(not_a("list of numbers or of lists"))
}

fn number(value: Val) -> ValR<Val> {
    match &value {
        Val::Num(_) => Ok(value),
        Val::TStr(text) => {
            std::str::from_utf8(text).ok().and_then(parse).and_then(value_of).ok_or_else(|| not_a("number"))
        }
        Val::Null | Val::Bool(_) | Val::BStr(_) | Val::Arr(_) | Val::Obj(_) => Err(not_a("number")),
    }
}

/// A hundred times part by whole, to two places; nothing when the whole is zero (hazard H6: no rows is no observation).
fn percent(part: &Val, whole: &Val) -> ValR<Val> {
    let (Some(part), Some(whole)) = (decimal_of(part), decimal_of(whole)) else {
        return Err(not_a("number"));
    };
    if whole.is_zero() {
        return Ok(Val::Null);
    }
    part.checked_mul(Decimal::ONE_HUNDRED)
        .and_then(|hundredfold| hundredfold.checked_div(whole))
        .map(|share| share.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
        .and_then(value_of)
        .ok_or_else(|| not_a("percentage"))
}

/// The nearest-rank percentile: always a value that was measured; nothing for an empty list.
fn percentile(list: &Val, p: &Val) -> ValR<Val> {
    let mut numbers = items(list)?
        .iter()
        .map(decimal_of)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| not_a("list of numbers"))?;
    numbers.sort_unstable();
    let p = decimal_of(p)
        .filter(|p| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(p))
        .ok_or_else(|| not_a("percentile from 0 to 100"))?;
    let rank = (p * Decimal::from(numbers.len()) / Decimal::ONE_HUNDRED).ceil().to_usize().unwrap_or(0);
    Ok(numbers.get(rank.saturating_sub(1)).copied().and_then(value_of).unwrap_or_default())
}

fn iso(time: &Val) -> ValR<Val> {
    let time = seconds(time).and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    let time = time.ok_or_else(|| not_a("time"))?;
    Ok(Val::from(time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)))
}

fn age_seconds(cv: &Cv<'_, Guarded>) -> Result<i64, Error<Val>> {
    let then = seconds(&cv.1).ok_or_else(|| not_a("time"))?;
    cv.0.data().now.checked_sub(then).ok_or_else(|| not_a("time"))
}

fn age_days(cv: &Cv<'_, Guarded>) -> ValR<Val> {
    let days = Decimal::from(age_seconds(cv)?) / Decimal::from(86_400);
    value_of(days.round_dp(2)).ok_or_else(|| not_a("time"))
}

fn older_than(cv: &Cv<'_, Guarded>, days: &Val) -> ValR<Val> {
    let limit = decimal_of(days)
        .and_then(|days| days.checked_mul(Decimal::from(86_400)))
        .ok_or_else(|| not_a("number of days"))?;
    Ok(Val::from(Decimal::from(age_seconds(cv)?) > limit))
}
