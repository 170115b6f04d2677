//! Runs: a breach becomes finished work, once, whatever dies on the way.

mod killed;
mod ledger;
mod main_path;
mod people;
mod scene;
mod shared;
