//! What the product does against a baseline that anybody knows, as ratios of the same run on the same machine.
//!
//! ```text
//! cargo bench -p draxis-tests                  all of them
//! cargo bench -p draxis-tests -- append.hot    those whose name begins so
//! DRAXIS_BENCH_SCALE=0.1 cargo bench …         a tenth of the events and of the time, for a quick look
//! ```
//!
//! Rates are per second; `visible.p99` is in milliseconds and `dashboard.flat` in microseconds a request. Each is measured interleaved (subject, baseline, subject, baseline, …); the ratio is the median of the pairs' ratios. The
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
mod audit;
mod dashboard;
mod grown;
mod load;
mod measure;
mod past;
mod plain;
mod postgres_es_alone;
mod projecting;
mod replay;
mod runs;
mod sources;
mod stream;
mod subject;

use std::collections::BTreeMap;
use std::path::Path;

use measure::Measured;

/// What a ratio is to be.
#[derive(Clone, Copy)]
enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Aim {
    /// Whether the ratio, as it is printed, reaches it.
    fn is_reached_by(self, ratio: f64) -> bool {
        let printed = (ratio * 100.0).round() / 100.0;
        match self {
            Self::AtLeast(aim) => printed >= aim,
            Self::AtMost(aim) => printed <= aim,
        }
    }

    fn words(self) -> String {
        match self {
            Self::AtLeast(aim) => format!(">= {aim:.2}"),
            Self::AtMost(aim) => format!("<= {aim:.2}"),
        }
    }
}

/// One bench: its name, what is aimed at, and how it is done.
struct Bench {
    name: &'static str,
    aim: Aim,
    run: fn() -> Measured,
}

/// All of them. Another one is a line here and a file beside this one.
const BENCHES: &[Bench] = &[
    Bench { name: "append.hot.32", aim: Aim::AtLeast(1.0), run: || append::hot(32) },
    Bench { name: "append.hot.256", aim: Aim::AtLeast(2.0), run: || append::hot(256) },
    Bench { name: "append.spread.64", aim: Aim::AtLeast(1.25), run: append::spread },
    Bench { name: "append.one", aim: Aim::AtLeast(0.6), run: append::one },
    Bench { name: "append.vs_postgres_es", aim: Aim::AtLeast(5.0), run: append::against_postgres_es },
    Bench { name: "replay.fold", aim: Aim::AtLeast(0.6), run: replay::fold },
    Bench { name: "rebuild", aim: Aim::AtLeast(0.3), run: replay::rebuild },
    Bench { name: "load.10k", aim: Aim::AtLeast(5.0), run: load::ten_thousand },
    Bench { name: "project.live", aim: Aim::AtLeast(1.0), run: projecting::live },
    Bench { name: "visible.p99", aim: Aim::AtMost(10.0), run: projecting::visible },
    Bench { name: "dashboard.read", aim: Aim::AtLeast(1.0), run: dashboard::read },
    Bench { name: "dashboard.flat", aim: Aim::AtMost(1.1), run: dashboard::flat },
    Bench { name: "export.ndjson", aim: Aim::AtLeast(0.7), run: audit::ndjson },
    Bench { name: "verify.bundle", aim: Aim::AtLeast(0.25), run: audit::bundle },
    Bench { name: "verify.memory", aim: Aim::AtLeast(1.0), run: audit::memory },
    Bench { name: "asof.1m", aim: Aim::AtMost(0.05), run: past::as_of },
    Bench { name: "history.plot", aim: Aim::AtLeast(1.0), run: past::plot },
    Bench { name: "run.latency", aim: Aim::AtMost(5.0), run: runs::latency },
    Bench { name: "run.rate", aim: Aim::AtLeast(0.3), run: runs::throughput },
    // Nothing is aimed at but that a collapse shows: a source's run is begun, measured and ended in commits that wait for the disk,
    // a bare fetch over a connection that is kept waits for nothing.
    Bench { name: "sources.rate", aim: Aim::AtLeast(0.005), run: sources::whole_runs },
];

fn main() {
    // The first one to install it wins; it is the same for all.
    drop(rustls::crypto::ring::default_provider().install_default());
    // Cargo itself passes `--bench`.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    println!("{:24} {:>12} {:>12} {:>8} {:>8}", "", "subject", "baseline", "ratio", "aim");
    for Bench { name, aim, run } in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|prefix| name.starts_with(prefix.as_str())) {
            let Measured { subject, baseline, ratio } = run();
            let reached = if aim.is_reached_by(ratio) { "" } else { "  short of it" };
            println!("{name:24} {subject:12.1} {baseline:12.1} {ratio:8.2} {:>8}{reached}", aim.words());
            keep(BTreeMap::from([((*name).to_owned(), ratio)]));
        }
    }
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
