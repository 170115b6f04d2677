//! What is read from a vendor's answers.

use draxis_domain::kri::Direction;
use rust_decimal::Decimal;

use crate::connector::expression::Expression;
use crate::connector::slug::Slug;

/// One key risk indicator a connector writes.
#[derive(Debug)]
pub struct Kri {
    /// The contract with the risk model.
    pub slug: Slug,
    /// What people see.
    pub name: String,
    /// What it counts in: `count`, `percent`, `days`, `hours`, `score`.
    pub unit: String,
    /// Which way is worse.
    pub direction: Direction,
    /// A threshold to start from.
    pub warn: Decimal,
    /// A threshold to start from.
    pub critical: Decimal,
    /// The requests it reads; it is unmeasured unless all are complete.
    pub needs: Vec<String>,
    /// How many things were looked at. Zero of them is no observation (hazard H6).
    pub population: Option<Expression>,
    /// The value, from an object with one member a request.
    pub value: Expression,
}
