//! `draxis-verify`: judges a bundle offline, with nothing but the file and keys from elsewhere.

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::process::ExitCode;

use draxis_proof::bundle::{Report, Subject, Verdict, verify};
use draxis_proof::checkpoint::{Checkpoint, KeyRing, SealedCheckpoint};

const USAGE: &str = "\
usage: draxis-verify <bundle> --key <file> [--checkpoint <file>]... [--json]

  <bundle>             the exported .tar
  --key <file>         verifier keys you trust, one name+hash+key a line, got from elsewhere than the bundle
  --checkpoint <file>  a checkpoint note you hold; the bundle must agree with it
  --json               the report as one JSON object

exit: 0 integrity and completeness hold, 1 one of them is refused, 2 not a bundle, or wrong usage
";

/// What the command line asks for.
#[derive(Default)]
struct Ask {
    bundle: Option<String>,
    key: Option<String>,
    checkpoints: Vec<String>,
    json: bool,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
enum Unjudged {
    #[error("{0}\n\n{USAGE}")]
    Usage(String),
    #[error("{0}: {1}")]
    File(String, String),
}

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let args: Vec<String> =
        std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return written(&out.write_all(USAGE.as_bytes()), ExitCode::SUCCESS);
    }
    let json = args.iter().any(|arg| arg == "--json");
    match parse(args).and_then(|ask| judge(&ask)) {
        Ok(report) => {
            let code = if report.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) };
            let told = if json { as_json(&mut out, &report) } else { in_words(&mut out, &report) };
            written(&told, code)
        }
        Err(reason) if json => {
            let answer = serde_json::json!({ "notJudged": reason.to_string() });
            written(&writeln!(out, "{answer}"), ExitCode::from(2))
        }
        Err(reason) => written(&writeln!(io::stderr(), "{reason}"), ExitCode::from(2)),
    }
}

/// A verdict that could not be told is none.
fn written(result: &io::Result<()>, code: ExitCode) -> ExitCode {
    if result.is_ok() { code } else { ExitCode::from(2) }
}

fn parse(args: Vec<String>) -> Result<Ask, Unjudged> {
    let mut ask = Ask::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--json" => ask.json = true,
            "--key" => set(&mut ask.key, args.next(), "--key")?,
            "--checkpoint" => ask.checkpoints.push(args.next().ok_or_else(|| missing("--checkpoint"))?),
            flag if flag.starts_with("--") => return Err(Unjudged::Usage(format!("unknown option {flag}"))),
            _ => set(&mut ask.bundle, Some(arg), "<bundle>")?,
        }
    }
    Ok(ask)
}

fn set(slot: &mut Option<String>, value: Option<String>, name: &str) -> Result<(), Unjudged> {
    match slot.replace(value.ok_or_else(|| missing(name))?) {
        Some(_) => Err(Unjudged::Usage(format!("give {name} once"))),
        None => Ok(()),
    }
}

fn missing(name: &str) -> Unjudged {
    Unjudged::Usage(format!("{name} is missing"))
}

fn judge(ask: &Ask) -> Result<Report, Unjudged> {
    let path = ask.bundle.as_ref().ok_or_else(|| missing("<bundle>"))?;
    let key = ask.key.as_ref().ok_or_else(|| missing("--key"))?;
    let file_error =
        |path: &String, error: &dyn std::error::Error| Unjudged::File(path.clone(), chain(error));
    let keys = fs::read_to_string(key).map_err(|error| file_error(key, &error))?;
    let ring = KeyRing::parse(&keys).map_err(|error| file_error(key, &error))?;
    let held: Result<Vec<SealedCheckpoint>, Unjudged> = ask
        .checkpoints
        .iter()
        .map(|path| {
            let note = fs::read(path).map_err(|error| file_error(path, &error))?;
            Checkpoint::open(&note, &ring).map_err(|error| file_error(path, &error))
        })
        .collect();
    let bundle = File::open(path).map_err(|error| file_error(path, &error))?;
    verify(BufReader::new(bundle), &ring, &held?).map_err(|error| file_error(path, &error))
}

fn as_json(out: &mut impl Write, report: &Report) -> io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    writeln!(out)
}

fn in_words(out: &mut impl Write, report: &Report) -> io::Result<()> {
    if let Some(subject) = &report.subject {
        subject_in_words(out, subject)?;
    }
    verdict_in_words(out, "integrity:   ", &report.integrity)?;
    verdict_in_words(out, "completeness:", &report.completeness)
}

fn subject_in_words(out: &mut impl Write, subject: &Subject) -> io::Result<()> {
    let Subject { origin, kind, from, to, count, .. } = subject;
    writeln!(out, "bundle:       {kind} of {origin}, positions {from} to {to}, {count} records")?;
    let Some(checkpoint) = &subject.checkpoint else { return Ok(()) };
    let sealed_at = checkpoint.sealed_at.as_deref().unwrap_or("an unknown time");
    let signed_by = subject.signed_by.join(", ");
    writeln!(out, "checkpoint:   {} {}", checkpoint.size, checkpoint.root)?;
    writeln!(out, "              sealed at {sealed_at}, signed by {signed_by}")
}

fn verdict_in_words(out: &mut impl Write, name: &str, verdict: &Verdict) -> io::Result<()> {
    match verdict {
        Verdict::Holds => writeln!(out, "{name} holds"),
        Verdict::Refused(finding) => {
            let position =
                finding.position.map_or(String::new(), |position| format!(" (position {position})"));
            writeln!(
                out,
                "{name} REFUSED at {}{position}: {}: {}",
                finding.place, finding.code, finding.detail
            )
        }
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
