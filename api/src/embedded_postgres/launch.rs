//! One start of the server: from the command line to the moment when it answers.

use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::data_dir::DataDir;
use super::log_file::LogFile;
use super::postmaster_pid::{self, PostmasterPid};
use super::server_user::ServerUser;
use super::socket_dir::SocketDir;
use super::supervisor::Supervised;
use super::{Durability, EmbeddedError, POLL, settings};

/// After a crash the server first replays its log: patience, as long as it lives.
const READY_WITHIN: Duration = Duration::from_mins(5);
/// The workers of a server that was killed hold its shared memory for a moment longer.
const ORPHANS_GONE_WITHIN: Duration = Duration::from_secs(10);
const SAY_SOMETHING_EVERY: Duration = Duration::from_secs(3);

/// What one attempt at starting the server needs.
pub(super) struct Launch<'a> {
    pub(super) binaries: Binaries,
    pub(super) data: &'a DataDir,
    pub(super) socket: &'a SocketDir,
    pub(super) user: ServerUser,
    pub(super) durability: Durability,
}

impl Launch<'_> {
    /// Tries again while the only obstacle is what a killed server left behind.
    pub(super) fn until_ready(
        &self,
        log: &mut LogFile,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Supervised, EmbeddedError> {
        let begun = Instant::now();
        loop {
            log.begin();
            let arguments = settings::arguments(&self.data.cluster(), self.socket.path(), self.durability);
            let server = Supervised::spawn(&self.binaries.postgres(), &arguments, &self.user, log.handle()?)
                .map_err(EmbeddedError::Supervise)?;
            match self.wait_until_ready(server, log, progress) {
                Err(EmbeddedError::Died { log, .. })
                    if postmaster_pid::says_orphans_remain(&log) && begun.elapsed() < ORPHANS_GONE_WITHIN =>
                {
                    std::thread::sleep(POLL);
                }
                outcome => return outcome,
            }
        }
    }

    /// Ready is what the server's own pid file says, and only if the server that wrote it is our child.
    fn wait_until_ready(
        &self,
        mut server: Supervised,
        log: &LogFile,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Supervised, EmbeddedError> {
        let begun = Instant::now();
        let mut said = begun;
        loop {
            if let Some(status) = server.try_wait().map_err(EmbeddedError::Supervise)? {
                return Err(EmbeddedError::Died { status, log: log.tail() });
            }
            if PostmasterPid::read(&self.data.cluster())?.is_some_and(|it| it.ready && it.pid == server.pid())
            {
                return Ok(server);
            }
            if begun.elapsed() > READY_WITHIN {
                return Err(EmbeddedError::NotReady { after: READY_WITHIN, log: log.tail() });
            }
            if said.elapsed() > SAY_SOMETHING_EVERY {
                said = Instant::now();
                progress("Postgres is still starting (after a crash it first replays its log)");
            }
            std::thread::sleep(POLL);
        }
    }
}
