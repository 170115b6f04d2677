//! What the product does against a baseline that anybody knows, as ratios of the same run on the same machine.
//!
//! ```text
//! cargo bench -p draxis-tests                  all of them
//! cargo bench -p draxis-tests -- append.hot    those whose name begins so
//! ```
//!
//! Each is measured interleaved (subject, baseline, subject, baseline, …); the ratio is the median of the pairs' ratios. The
//! results are merged into `target/bench/ratios.json` (name → ratio), so that one can be measured alone.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a bench prints, divides, and ends where what it stands on does not hold; its own SQL is the baseline's"
)]

mod append;
mod load;
mod measure;
mod plain;
mod postgres_es_alone;
mod sources;
mod subject;

use std::collections::BTreeMap;
use std::path::Path;

use measure::Measured;

/// One bench: its name, what is aimed at, and how it is done.
struct Bench {
    name: &'static str,
    aim: f64,
    run: fn() -> Measured,
}

const BENCHES: &[Bench] = &[
    Bench { name: "append.hot.32", aim: 1.0, run: || append::hot(32) },
    Bench { name: "append.hot.256", aim: 2.0, run: || append::hot(256) },
    Bench { name: "append.spread.64", aim: 1.25, run: append::spread },
    Bench { name: "append.one", aim: 0.6, run: append::one },
    Bench { name: "append.vs_postgres_es", aim: 5.0, run: append::against_postgres_es },
    Bench { name: "load.10k", aim: 5.0, run: load::ten_thousand },
    // A run is begun, read and ended in three commits that wait for the disk; a bare fetch on loopback waits for nothing.
    Bench { name: "sources.rate", aim: 0.05, run: sources::whole_runs },
];

fn main() {
    // Cargo itself passes `--bench`.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let mut ratios = BTreeMap::new();
    println!("{:24} {:>12} {:>12} {:>8} {:>6}", "", "subject/s", "baseline/s", "ratio", "aim");
    for Bench { name, aim, run } in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|prefix| name.starts_with(prefix.as_str())) {
            let Measured { subject, baseline, ratio } = run();
            let reached = if ratio >= *aim { "" } else { "  short of it" };
            println!("{name:24} {subject:12.0} {baseline:12.0} {ratio:8.2} {aim:6.2}{reached}");
            ratios.insert((*name).to_owned(), ratio);
        }
    }
    keep(ratios);
}

/// Merges the ratios into those of earlier runs.
fn keep(ratios: BTreeMap<String, f64>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench/ratios.json");
    let mut kept: BTreeMap<String, f64> =
        std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    kept.extend(ratios);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
    let text = serde_json::to_string_pretty(&kept).expect("numbers are JSON");
    std::fs::write(&file, text + "\n").expect("the ratios are written");
}
