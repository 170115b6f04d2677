//! The program as a user starts it: the `draxis` binary, a process of its own that can be killed.

#![expect(clippy::panic, reason = "what a test stands on holds, or the test ends here")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A running `draxis serve` on a data directory.
#[derive(Debug)]
pub struct Program {
    child: Child,
    /// Where it serves, such as `http://127.0.0.1:43217`.
    pub base: String,
}

/// The binary beside this test binary, built if it is not there or not of today.
fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "draxis-api", "--bin", "draxis"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the program builds");
        let here = std::env::current_exe().expect("this binary has a path");
        here.ancestors().nth(2).expect("it lies in target/<profile>/deps").join("draxis")
    })
}

impl Program {
    /// Starts it and waits until it says where it serves.
    pub fn serve(data: &Path) -> Self {
        let mut child = Command::new(binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--data-dir"])
            .arg(data)
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its words are piped")).lines();
        let mut said = Vec::new();
        let base = loop {
            let Some(line) = lines.next() else { panic!("the program ended: {said:?}") };
            let line = line.expect("its words are text");
            if let Some(rest) = line.strip_prefix("Serving on ") {
                break rest.split(' ').next().unwrap_or_default().to_owned();
            }
            said.push(line);
        };
        // Whatever it says later is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, base }
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
