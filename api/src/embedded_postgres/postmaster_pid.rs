//! The pid file in the cluster: who runs the server, and what to do about one that a kill left behind.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{EmbeddedError, POLL};

/// How long a server whose program was killed may take to shut down.
const PREVIOUS_GONE_WITHIN: Duration = Duration::from_secs(40);

/// What `postmaster.pid` says; its format is in Postgres's `pidfile.h`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PostmasterPid {
    pub(super) pid: u32,
    /// The server answers.
    pub(super) ready: bool,
}

impl PostmasterPid {
    /// Reads the file, if there is one that is written already.
    pub(super) fn read(cluster: &Path) -> Result<Option<Self>, EmbeddedError> {
        let path = cluster.join("postmaster.pid");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(EmbeddedError::file("read", &path)(error)),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        let pid = lines.next()?.parse().ok()?;
        Some(Self { pid, ready: lines.nth(6) == Some("ready") })
    }
}

/// Before a start: waits for a server that is still shutting down, and disarms a pid file that a killed one left.
///
/// A pid file whose process is gone is Postgres's own to judge. But a process that nobody has reaped (a container whose
/// first process does not) and another program that was given the same pid both look alive to it, for ever.
pub(super) fn settle(cluster: &Path, progress: &mut dyn FnMut(&str)) -> Result<(), EmbeddedError> {
    let begun = Instant::now();
    let mut said = false;
    while let Some(file) = PostmasterPid::read(cluster)? {
        match Holder::of(file.pid, cluster) {
            Holder::Nobody => return Ok(()),
            Holder::Another => return disarm(cluster),
            Holder::Server if begun.elapsed() > PREVIOUS_GONE_WITHIN => {
                return Err(EmbeddedError::StrangeServer { dir: cluster.to_path_buf(), pid: file.pid });
            }
            Holder::Server => {}
        }
        if !said {
            said = true;
            progress("Waiting for the previous Postgres to end");
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// Names ourselves in the file instead of the process that is not a server. The rest of the file stays, and by it
/// Postgres still finds out whether workers of the killed server use its shared memory.
fn disarm(cluster: &Path) -> Result<(), EmbeddedError> {
    let path = cluster.join("postmaster.pid");
    let text = std::fs::read_to_string(&path).map_err(EmbeddedError::file("read", &path))?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    std::fs::write(&path, format!("{}\n{rest}", std::process::id()))
        .map_err(EmbeddedError::file("write", &path))
}

/// Whether Postgres refused to start because workers of a killed server have not ended yet.
pub(super) fn says_orphans_remain(log: &str) -> bool {
    log.contains("is still in use") || log.contains("pre-existing shared memory block")
}

/// What the process of a pid is.
#[derive(Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    Server,
    /// Alive in Postgres's eyes, but no server: unreaped, or a program that happens to have that number.
    Another,
}

impl Holder {
    fn of(pid: u32, cluster: &Path) -> Self {
        let Some((state, command)) = process(pid) else { return Self::Nobody };
        let served = command.contains(&cluster.display().to_string());
        if served && !state.starts_with('Z') { Self::Server } else { Self::Another }
    }
}

/// The state and the command line of a process, from /proc where there is one and from `ps` elsewhere.
fn process(pid: u32) -> Option<(String, String)> {
    if !Path::new("/proc/self/stat").exists() {
        let said =
            Command::new("/bin/ps").args(["-o", "stat=,command=", "-p", &pid.to_string()]).output().ok()?;
        let line = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        return line.split_once(' ').map(|(state, command)| (state.to_owned(), command.trim().to_owned()));
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // proc(5): the name is in brackets and may hold anything, brackets too.
    let state = stat.rsplit_once(") ")?.1.to_owned();
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some((state, String::from_utf8_lossy(&command).replace('\0', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_running_server_is_read() {
        let text = "27\n/d/postgres\n1700000000\n5432\n/d/socket\n\n  1048577   0\nready   \n";
        assert_eq!(PostmasterPid::parse(text), Some(PostmasterPid { pid: 27, ready: true }));
    }

    #[test]
    fn a_file_that_is_half_written_is_not_ready() {
        assert_eq!(PostmasterPid::parse("27\n/d\n1\n5432\n"), Some(PostmasterPid { pid: 27, ready: false }));
        assert_eq!(
            PostmasterPid::parse("27\n/d\n1\n5432\n/s\n\n 1 0\nstarting\n").map(|it| it.ready),
            Some(false)
        );
        assert_eq!(PostmasterPid::parse(""), None);
    }

    #[test]
    fn a_program_that_happens_to_have_the_pid_is_no_server() {
        assert_eq!(Holder::of(std::process::id(), Path::new("/nowhere/at/all")), Holder::Another);
    }

    #[test]
    fn a_process_that_nobody_has_reaped_is_no_server() {
        let cluster = Path::new("/nowhere/at/all");
        let mut child = Command::new("/bin/sh")
            .args(["-c", "read -r _", "/nowhere/at/all"])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // Its command line is to be seen a moment after its start.
        while Holder::of(child.id(), cluster) != Holder::Server {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        while Holder::of(child.id(), cluster) == Holder::Server {
            std::thread::yield_now();
        }
        assert_eq!(Holder::of(child.id(), cluster), Holder::Another);
        child.wait().unwrap();
        assert_eq!(Holder::of(child.id(), cluster), Holder::Nobody);
    }

    #[test]
    fn a_disarmed_file_names_us_and_keeps_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postmaster.pid");
        std::fs::write(&path, "27\n/d\n1700000000\n").unwrap();
        disarm(dir.path()).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            format!("{}\n/d\n1700000000\n", std::process::id())
        );
    }
}
