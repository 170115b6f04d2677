//! What starts runs: breaches, times and people, each cause once, whoever looks and however often (hazards H1, H4, H11, H13).

mod breaches;
mod by_hand;
mod loops;
mod schedules;
mod stage;
