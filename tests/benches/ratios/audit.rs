//! Exporting and verifying, against the plainest thing that touches the same bytes.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use draxis_commands::sealing::{ExportFormat, ExportRequest, Sealing, SealingSettings, Selection};
use draxis_proof::bundle::verify;
use draxis_proof::tree::leaf_hash;
use futures_util::StreamExt as _;
use sqlx::postgres::PgConnection;

use crate::grown::{Grown, events};
use crate::measure::{Measured, block_on, in_turn};

async fn sealing(grown: &Grown) -> Sealing {
    let settings = SealingSettings::try_default().expect("the default name is a name");
    Sealing::open(&grown.process.commands, settings).await.expect("there are keys")
}

/// Writes an export and answers with how many bytes it has.
async fn export(
    grown: &Grown,
    sealing: &Sealing,
    format: ExportFormat,
    out: &mut impl std::io::Write,
) -> u64 {
    let request = ExportRequest { tenant: grown.tenant, selection: Selection::default(), format };
    let mut export = sealing.export(request).await.expect("it begins");
    let mut bytes = 0;
    while let Some(chunk) = export.next().await.expect("it goes on") {
        out.write_all(&chunk).expect("it is written");
        bytes += chunk.len() as u64;
    }
    bytes
}

/// Events a second as NDJSON, each read back and hashed again; against COPY TO STDOUT of the same rows.
pub(crate) fn ndjson() -> Measured {
    block_on(async {
        let grown = Grown::to(events()).await;
        let sealing = sealing(&grown).await;
        let subject = async || {
            let begun = Instant::now();
            export(&grown, &sealing, ExportFormat::Ndjson, &mut std::io::sink()).await;
            grown.events as f64 / begun.elapsed().as_secs_f64()
        };
        let mut superuser = grown.database.superuser().await;
        let copy = format!(
            "COPY (SELECT * FROM events WHERE tenant_id = '{}' ORDER BY position) TO STDOUT",
            grown.tenant.uuid()
        );
        let baseline = async || {
            let begun = Instant::now();
            copied(&mut superuser, &copy).await;
            grown.events as f64 / begun.elapsed().as_secs_f64()
        };
        in_turn(subject, baseline).await
    })
}

async fn copied(superuser: &mut PgConnection, copy: &str) {
    let mut rows = superuser.copy_out_raw(copy).await.expect("it is copied");
    while let Some(row) = rows.next().await {
        std::hint::black_box(row.expect("a row"));
    }
}

/// Bytes a second verified; against SHA-256 over the same bytes.
pub(crate) fn bundle() -> Measured {
    block_on(async {
        let grown = Grown::to(events()).await;
        let sealing = sealing(&grown).await;
        let mut bundle = Vec::new();
        export(&grown, &sealing, ExportFormat::Bundle, &mut bundle).await;
        let (ring, size) = (sealing.ring(), bundle.len() as f64);
        let subject = async || {
            let begun = Instant::now();
            assert!(verify(bundle.as_slice(), &ring, &[]).expect("a bundle").holds());
            size / begun.elapsed().as_secs_f64()
        };
        let baseline = async || {
            let begun = Instant::now();
            std::hint::black_box(leaf_hash(&bundle));
            size / begun.elapsed().as_secs_f64()
        };
        in_turn(subject, baseline).await
    })
}

/// 64 MiB against the most that the verifier ever holds, in MiB.
pub(crate) fn memory() -> Measured {
    const ALLOWED: f64 = 64.0;
    let folder = tempfile::tempdir().expect("a folder");
    let (bundle, key) = (folder.path().join("bundle.tar"), folder.path().join("key.txt"));
    block_on(async {
        let grown = Grown::to(events()).await;
        let sealing = sealing(&grown).await;
        let mut file = std::fs::File::create(&bundle).expect("a file");
        export(&grown, &sealing, ExportFormat::Bundle, &mut file).await;
        let keys: Vec<String> =
            sealing.published_keys().iter().map(|key| key.verifier_key.to_string()).collect();
        let keys = keys.join("\n");
        std::fs::File::create(&key).and_then(|mut file| file.write_all(keys.as_bytes())).expect("a file");
    });
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--package", "draxis-proof", "--bin", "draxis-verify"])
        .status();
    assert!(built.expect("cargo runs").success(), "the verifier builds");
    let program = std::env::current_exe().expect("a path");
    let program = program.ancestors().nth(2).expect("target/release").join("draxis-verify");
    let mut child = Command::new(program)
        .arg(&bundle)
        .arg("--key")
        .arg(&key)
        .stdout(Stdio::null())
        .spawn()
        .expect("the verifier runs");
    let mut most = 0.0_f64;
    let ended = loop {
        // The high-water mark only rises, so the last look but the very end tells it.
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
        most = most.max(kibibytes.unwrap_or_default() / 1024.0);
        if let Some(ended) = child.try_wait().expect("it is our child") {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(ended.success(), "the bundle holds");
    Measured { subject: most, baseline: ALLOWED, ratio: ALLOWED / most }
}
