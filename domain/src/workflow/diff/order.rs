//! Order: which steps can stay where they are, so that as few as can be are moved.

use std::collections::BTreeSet;

/// The longest run of steps that stand in the same order before and after; the others are moved.
pub(super) fn staying<'a>(before: &[&'a str], after: &[&str]) -> BTreeSet<&'a str> {
    let places: Vec<(usize, &'a str)> =
        before.iter().filter_map(|id| Some((after.iter().position(|other| other == id)?, *id))).collect();
    // The best run that ends at each step, as its length and the step before; fifty steps are few enough to try all pairs.
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, (place, _)) in places.iter().enumerate() {
        let longest = best
            .iter()
            .enumerate()
            .filter(|(earlier, _)| places.get(*earlier).is_some_and(|(before, _)| before < place))
            .max_by_key(|(earlier, (length, _))| (*length, index - earlier))
            .map(|(earlier, (length, _))| (length.saturating_add(1), Some(earlier)));
        best.push(longest.unwrap_or((1, None)));
    }
    let mut last = best.iter().enumerate().max_by_key(|(_, (length, _))| *length).map(|(index, _)| index);
    let mut staying = BTreeSet::new();
    while let Some(index) = last {
        staying.extend(places.get(index).map(|(_, id)| *id));
        last = best.get(index).and_then(|(_, earlier)| *earlier);
    }
    staying
}

#[cfg(test)]
mod tests {
    use super::staying;

    #[test]
    fn a_step_that_goes_to_the_end_is_the_only_one_that_moves() {
        let stay = staying(&["a", "b", "c", "d"], &["b", "c", "d", "a"]);
        assert_eq!(stay.into_iter().collect::<Vec<_>>(), ["b", "c", "d"]);
        assert_eq!(staying(&["a", "b", "c"], &["c", "b", "a"]).len(), 1);
        assert!(staying(&[], &["a"]).is_empty());
    }
}
