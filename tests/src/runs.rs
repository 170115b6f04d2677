//! Runs: a breach becomes finished work, once, whatever dies on the way.

mod asking;
mod at_once;
mod backtested;
mod explained;
mod in_house;
mod killed;
mod leases;
mod ledger;
mod left_over;
mod main_path;
mod people;
mod pinned;
mod scene;
mod traced;
mod untaken;
