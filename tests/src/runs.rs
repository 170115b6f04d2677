//! Runs: a breach becomes finished work, once, whatever dies on the way.

mod backtested;
mod explained;
mod killed;
mod leases;
mod ledger;
mod main_path;
mod people;
mod scene;
