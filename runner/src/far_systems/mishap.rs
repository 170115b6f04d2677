//! Mishaps: what goes wrong with a request, as told one by one or by the odds.

use std::collections::VecDeque;
use std::time::Duration;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing.
    None,
    /// It is read and forgotten, and the connection dropped.
    DropUndone,
    /// It is done, and the connection dropped.
    DoneThenDrop,
    /// It is not done, and answered with 500.
    FailUndone,
    /// It is done, and answered with 500.
    DoneThenFail,
    /// It is done, and answered with a success whose body breaks off.
    DoneThenGarble,
    /// It is not done, and answered with 429 and so many seconds of `Retry-After`.
    Busy(u64),
    /// It is not done, and answered as if the credentials were wrong.
    RefuseLogin,
    /// It is done at once and answered after so long.
    Slow(Duration),
    /// It is done after so long, whether or not anybody still waits for the answer.
    DoneLate(Duration),
}

/// How often what goes wrong: of a thousand requests, so many with each mishap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Odds(Vec<(Mishap, u16)>);

impl Odds {
    /// Nothing goes wrong.
    pub const fn never() -> Self {
        Self(Vec::new())
    }

    /// Of a thousand requests so many more meet this.
    #[must_use]
    pub fn with(mut self, mishap: Mishap, of_a_thousand: u16) -> Self {
        self.0.push((mishap, of_a_thousand));
        self
    }

    fn draw(&self, dice: &mut Dice) -> Mishap {
        let mut rest = dice.below(1000);
        for (mishap, share) in &self.0 {
            let share = u64::from(*share);
            if rest < share {
                return *mishap;
            }
            rest = rest.saturating_sub(share);
        }
        Mishap::None
    }
}

/// Chance that can be repeated: the same seed gives the same throws (Steele, Lea, Flood: `SplitMix64`).
#[derive(Debug, Clone, Default)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below the bound, or 0 where there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).checked_rem(bound).unwrap_or_default()
    }
}

/// What goes wrong with one kind of request: first what was scripted, then what the odds give.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    scripted: VecDeque<Mishap>,
    odds: Odds,
    dice: Dice,
}

impl Plan {
    pub(super) fn script(&mut self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.scripted.extend(mishaps);
    }

    pub(super) fn by_odds(&mut self, odds: Odds, seed: u64) {
        self.odds = odds;
        self.dice = Dice::new(seed);
    }

    pub(super) fn next(&mut self) -> Mishap {
        match self.scripted.pop_front() {
            Some(mishap) => mishap,
            None => self.odds.draw(&mut self.dice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Mishap, Odds, Plan};

    #[test]
    fn what_is_scripted_comes_first_and_the_rest_by_the_odds() {
        let mut plan = Plan::default();
        plan.script([Mishap::Busy(3), Mishap::None]);
        plan.by_odds(Odds::never().with(Mishap::FailUndone, 250).with(Mishap::DropUndone, 250), 7);
        assert_eq!((plan.next(), plan.next()), (Mishap::Busy(3), Mishap::None));
        let drawn: Vec<Mishap> = (0..4000).map(|_| plan.next()).collect();
        for mishap in [Mishap::FailUndone, Mishap::DropUndone] {
            let count = drawn.iter().filter(|one| **one == mishap).count();
            assert!((800..1200).contains(&count), "{mishap:?}: {count}");
        }
    }
}
