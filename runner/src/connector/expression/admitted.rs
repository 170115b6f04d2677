//! The functions an expression may call: all of them read, and all of them end.

/// The functions an expression may call, by name and number of arguments.
#[rustfmt::skip]
pub(super) const ADMITTED: &[(&str, usize)] = &[
    ("abs", 0), ("add", 0), ("add", 1), ("age_days", 0), ("all", 0), ("all", 1), ("all", 2), ("any", 0), ("any", 1),
    ("any", 2), ("arrays", 0), ("ascii_downcase", 0), ("ascii_upcase", 0), ("ceil", 0), ("contains", 1), ("count", 1),
    ("empty", 0), ("endswith", 1), ("epoch", 0), ("error", 0), ("false", 0), ("first", 0), ("first", 1), ("flatten", 0),
    ("floor", 0), ("from_entries", 0), ("group_by", 1), ("has", 1), ("in", 1), ("inside", 1), ("isempty", 1), ("iso", 0),
    ("join", 1), ("keys", 0), ("last", 0), ("length", 0), ("ltrimstr", 1), ("map", 1), ("max", 0), ("max_by", 1),
    ("mean", 0), ("min", 0), ("min_by", 1), ("not", 0), ("now", 0), ("null", 0), ("numbers", 0), ("objects", 0),
    ("older_than", 1), ("percent", 2), ("percentile", 1), ("reverse", 0), ("round", 0), ("rtrimstr", 1), ("select", 1),
    ("share", 1), ("sort", 0), ("sort_by", 1), ("split", 1), ("startswith", 1), ("strings", 0), ("to_entries", 0),
    ("tonumber", 0), ("tostring", 0), ("true", 0), ("type", 0), ("unique", 0), ("unique_by", 1), ("values", 0),
    ("with_entries", 1),
];
