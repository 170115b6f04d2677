//! Running a program that must not outlive this one, not even when this one is killed with no chance to tidy up.
//!
//! `PR_SET_PDEATHSIG` needs unsafe code between fork and exec, and Linux. A pipe needs neither: a small shell holds its
//! reading end, this process its writing end, and the kernel closes that when the process ends in whatever way.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Error, ErrorKind, Result};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use super::server_user::ServerUser;

/// Two shells: the watcher waits for the pipe's end and then asks the program to end, each time less kindly (SIGINT is
/// Postgres's fast shutdown, SIGQUIT its immediate one); the other waits for the program and then ends the watcher. Both
/// ignore SIGHUP: the kernel sends it to a group that our end orphans if anything in there is stopped (a debugger).
const SCRIPT: &str = r#"
trap '' HUP
exec 3<&0 </dev/null
"$@" >&2 3<&- &
program=$!
echo "$program"
exec >/dev/null
ask() { # a signal, and for how many fifths of a second to wait then
  kill -"$1" "$program" 2>/dev/null || exit 0
  left=$2
  while [ "$left" -gt 0 ] && kill -0 "$program" 2>/dev/null; do
    sleep 0.2 2>/dev/null || sleep 1
    left=$((left - 1))
  done
}
(
  read -r _ <&3
  ask INT 75
  ask QUIT 25
  ask KILL 25
) &
watcher=$!
exec 3<&-
wait "$program"
status=$?
kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
exit "$status"
"#;

/// A program and the two shells that look after it.
#[derive(Debug)]
pub(super) struct Supervised {
    shell: Child,
    lifeline: Option<ChildStdin>,
    pid: u32,
    ended: Option<ExitStatus>,
}

impl Supervised {
    /// Starts the program as the given user, in a group of its own so that Ctrl-C in a terminal does not reach it, with
    /// nothing of our environment; what it says goes to `log`.
    pub(super) fn spawn(
        program: &Path,
        arguments: &[OsString],
        user: &ServerUser,
        log: File,
    ) -> Result<Self> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "lifeline"])
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LC_ALL", "C.UTF-8")
            // A stale pid file that happens to name us is no other server: Postgres leaves its grandparent out.
            .env("PG_GRANDPARENT_PID", std::process::id().to_string())
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log);
        user.run_as(&mut command);
        let mut shell = command.spawn()?;
        let lifeline = shell.stdin.take();
        let mut line = String::new();
        if let Some(said) = shell.stdout.take() {
            BufReader::new(said).read_line(&mut line)?;
        }
        let pid =
            line.trim().parse().map_err(|_| Error::new(ErrorKind::UnexpectedEof, "the shell said no pid"))?;
        Ok(Self { shell, lifeline, pid, ended: None })
    }

    /// The program's process id, not the shell's.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// How the program ended, if it has.
    pub(super) fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.shell.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Waits for the program to end by itself. The lifeline was taken out of the child, so waiting does not close it.
    pub(super) fn wait(&mut self) -> Result<ExitStatus> {
        let status = match self.ended {
            Some(status) => status,
            None => self.shell.wait()?,
        };
        self.ended = Some(status);
        Ok(status)
    }

    /// Asks the program to end and waits for it.
    pub(super) fn stop(&mut self) -> Result<ExitStatus> {
        drop(self.lifeline.take());
        self.wait()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::warn!(%error, "the embedded Postgres could not be waited for");
        }
    }
}
