//! The program as a user starts it: the `draxis` binary, a process of its own that can be killed.

#![expect(clippy::panic, reason = "what a test stands on holds, or the test ends here")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use super::TestDatabase;

/// A running `draxis serve` on a data directory.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Where it serves, such as `http://127.0.0.1:43217`.
    pub base: String,
    said: Arc<Mutex<Vec<String>>>,
    listener: Option<std::thread::JoinHandle<()>>,
}

/// The binary beside this test binary, built if it is not there or not of today.
fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("draxis-api", "draxis"))
}

/// The program that judges bundles offline, built the same way.
pub fn verifier() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| built("draxis-proof", "draxis-verify"))
}

/// What cargo tells a test of its own package. Build scripts that look at it (ring's does) would run again at every turn from
/// a build of the tests to one of the program, and half of the program with them.
const OF_THE_TEST: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

fn built(package: &str, name: &str) -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", package, "--bin", name]);
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for variable in OF_THE_TEST {
        build.env_remove(variable);
    }
    assert!(build.status().expect("cargo runs").success(), "the program builds");
    let here = std::env::current_exe().expect("this binary has a path");
    here.ancestors().nth(2).expect("it lies in target/<profile>/deps").join(name)
}

/// Runs an errand to its end, as somebody at a terminal does, with what they type.
pub fn run(data: &Path, arguments: &[&str], typed: &str) -> Output {
    let mut child = Command::new(binary())
        .args(arguments)
        .args(["--log", "error", "--data-dir"])
        .arg(data)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // What it does not read is its own affair.
    drop(child.stdin.take().map(|mut stdin| stdin.write_all(typed.as_bytes())));
    child.wait_with_output().expect("the program ends")
}

/// The program with an errand on a test's database, ready to be started.
pub fn draxis(database: &TestDatabase, arguments: &[&str]) -> Command {
    /// Any key will do where nothing sealed is opened: 32 bytes in base64.
    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let mut command = Command::new(binary());
    command.args(arguments).args(["--log", "error"]);
    command.env("DATABASE_URL", database.url("draxis")).env("ENCRYPTION_KEY", KEY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Program {
    /// Starts it and waits until it says where it serves.
    pub fn serve(data: &Path) -> Self {
        Self::serve_with(data, &["--log", "error"], &[])
    }

    /// The same with more settings, as flags and as variables.
    pub fn serve_with(data: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .args(flags)
            .env_remove("DATABASE_URL")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its words are piped")).lines();
        let mut before = Vec::new();
        let base = loop {
            let Some(line) = lines.next() else { panic!("the program ended: {before:?}") };
            let line = line.expect("its words are text");
            before.push(line);
            if let Some(rest) = before.last().and_then(|line| line.strip_prefix("Serving on ")) {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
        };
        // Whatever it says later is read, so that it never waits for a reader.
        let said = Arc::new(Mutex::new(before));
        let heard = Arc::clone(&said);
        let listener = std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| heard.lock().expect("one listener").push(line));
        });
        Self { child, base, said, listener: Some(listener) }
    }

    /// An errand beside it, on the same data directory, ready to be started.
    pub fn beside(data: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).args(["--log", "error", "--data-dir"]).arg(data).env_remove("DATABASE_URL");
        command
    }

    /// Ends it as Ctrl-C does, and answers with every line it has said.
    pub fn stop(mut self) -> Vec<String> {
        let told = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(told.expect("kill runs").success(), "the program is there to be stopped");
        self.child.wait().expect("it ends");
        self.listener.take().map(std::thread::JoinHandle::join);
        self.said.lock().expect("the listener has ended").clone()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it where it stands, and waits until its Postgres has followed.
    pub fn kill(mut self, data: &Path) {
        // It may have been killed by its id already.
        drop(self.child.kill());
        self.child.wait().expect("it ends");
        let patience = Instant::now();
        while servers(data) > 0 {
            assert!(patience.elapsed() < Duration::from_secs(30), "its Postgres lives on");
            // Another process' end cannot be waited for, only looked at again.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// How many Postgres processes hold the data directory.
fn servers(data: &Path) -> usize {
    let data = data.to_string_lossy().into_owned();
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0 };
    processes
        .flatten()
        .filter_map(|process| std::fs::read(process.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| line.contains("postgres") && line.contains(&data))
        .count()
}

/// Kills a process at once, by its id: what `kill -9` does.
pub fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs");
    assert!(killed.success(), "the process is there to be killed");
}
