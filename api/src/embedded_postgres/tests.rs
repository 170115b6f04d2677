//! The server as the program uses it, and as it is left by every way in which a program can end.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use sqlx::{Connection, Executor, PgConnection, Row};
use tempfile::TempDir;

use super::postmaster_pid::PostmasterPid;
use super::*;

fn data_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn options(dir: &Path) -> Options {
    Options {
        data_dir: dir.to_path_buf(),
        binaries: None,
        search_path: std::env::var_os("PATH").unwrap_or_default(),
        durability: Durability::Disposable,
    }
}

fn start(dir: &Path) -> EmbeddedPostgres {
    EmbeddedPostgres::start(&options(dir), &mut |_| {}).unwrap()
}

async fn owner_connection(postgres: &EmbeddedPostgres) -> PgConnection {
    PgConnection::connect_with(&postgres.connect_options("draxis", OWNER)).await.unwrap()
}

/// Every process that has to do with the directory and still runs.
fn processes_of(dir: &Path) -> Vec<String> {
    let dir = dir.canonicalize().unwrap().display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = String::from_utf8_lossy(&command).into_owned();
        let folder = std::fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        if command.contains(&dir) || folder.starts_with(&dir) {
            found.push(command);
        }
    }
    found
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what} does not come about");
        std::thread::yield_now();
    }
}

fn kill(pid: u32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
}

/// The fields of proc(5)'s `stat` from the state on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

fn child_of(parent: u32, title: &str) -> u32 {
    let pids =
        std::fs::read_dir("/proc").unwrap().filter_map(|it| it.ok()?.file_name().to_str()?.parse().ok());
    let mut children = pids.filter(|pid| stat(*pid).is_some_and(|stat| stat[1] == parent.to_string()));
    let titled = |pid: &u32| {
        std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|it| it.contains(title))
    };
    children.find(titled).unwrap()
}

#[tokio::test]
async fn a_second_start_finds_what_the_first_one_wrote() {
    let dir = data_dir();
    let making = "Making a database cluster (once)";
    let mut said = Vec::new();
    let postgres =
        EmbeddedPostgres::start(&options(dir.path()), &mut |line| said.push(line.to_owned())).unwrap();
    assert!(said.iter().any(|line| line == making), "{said:?}");
    postgres.bootstrap().await.unwrap();
    let mut connection = owner_connection(&postgres).await;
    connection.execute("CREATE TABLE kept AS SELECT 7 AS number").await.unwrap();
    drop(connection);
    postgres.stop().unwrap();

    let postgres =
        EmbeddedPostgres::start(&options(dir.path()), &mut |line| assert_ne!(line, making)).unwrap();
    postgres.bootstrap().await.unwrap();
    let row = owner_connection(&postgres).await.fetch_one("SELECT number FROM kept").await.unwrap();
    assert_eq!(row.get::<i32, _>(0), 7);
}

#[test]
fn a_directory_is_free_once_it_is_given_up_though_a_child_is_just_being_started() {
    let (dir, user) = (data_dir(), ServerUser::choose().unwrap());
    let taken = DataDir::open(dir.path(), &user, &mut |_| {}).unwrap();
    let inherited = taken.inherited().unwrap();
    assert!(matches!(DataDir::open(dir.path(), &user, &mut |_| {}), Err(EmbeddedError::InUse { .. })));
    drop(taken);
    DataDir::open(dir.path(), &user, &mut |_| {}).unwrap();
    drop(inherited);
}

#[tokio::test]
async fn the_owner_is_no_superuser_and_may_make_roles() {
    let dir = data_dir();
    let postgres = start(dir.path());
    postgres.bootstrap().await.unwrap();
    let mut connection = owner_connection(&postgres).await;
    let sql = "SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user";
    let row = connection.fetch_one(sql).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), (false, false, true));
    let row = connection.fetch_one("SHOW data_checksums").await.unwrap();
    assert_eq!(row.get::<&str, _>(0), "on");
    let row = connection.fetch_one("SHOW server_encoding").await.unwrap();
    assert_eq!(row.get::<&str, _>(0), "UTF8");
}

#[tokio::test]
async fn with_full_durability_nothing_is_acknowledged_before_it_is_on_disk() {
    let dir = data_dir();
    let full = Options { durability: Durability::Full, ..options(dir.path()) };
    let postgres = EmbeddedPostgres::start(&full, &mut |_| {}).unwrap();
    postgres.bootstrap().await.unwrap();
    let mut connection = owner_connection(&postgres).await;
    for show in ["SHOW fsync", "SHOW synchronous_commit", "SHOW full_page_writes"] {
        assert_eq!(connection.fetch_one(show).await.unwrap().get::<&str, _>(0), "on", "{show}");
    }
}

#[tokio::test]
async fn two_that_bootstrap_at_once_do_not_disturb_each_other() {
    let dir = data_dir();
    let postgres = start(dir.path());
    let name = DatabaseName::parse("another").unwrap();
    let (one, other, third) =
        tokio::join!(postgres.bootstrap(), postgres.bootstrap(), postgres.ensure_database(&name));
    one.unwrap();
    other.unwrap();
    third.unwrap();
}

#[test]
fn a_second_instance_on_the_same_data_is_refused() {
    let dir = data_dir();
    let mut first = start(dir.path());
    let error = EmbeddedPostgres::start(&options(dir.path()), &mut |_| {}).unwrap_err();
    assert!(
        matches!(&error, EmbeddedError::InUse { pid: Some(pid), .. } if *pid == std::process::id()),
        "{error}"
    );
    assert!(error.to_string().contains("--data-dir"), "{error}");
    first.check().unwrap();
}

#[test]
fn a_server_that_another_program_started_on_the_data_is_not_talked_to() {
    let dir = data_dir();
    start(dir.path()).stop().unwrap();
    let elsewhere = data_dir();
    // A stranger's server on our cluster: the lock file of that cluster is all there is to know it by.
    let cluster = dir.path().canonicalize().unwrap().join("postgres");
    let user = ServerUser::choose().unwrap();
    let binaries = Binaries::find(&options(dir.path()), None).unwrap();
    let socket = elsewhere.path().join("socket");
    data_dir::make_private(&socket, &user).unwrap();
    let log = LogFile::open(elsewhere.path().join("log"), &user).unwrap();
    let arguments = settings::arguments(&cluster, &socket, Durability::Disposable);
    let mut stranger =
        Supervised::spawn(&binaries.postgres(), &arguments, &user, log.handle().unwrap()).unwrap();
    wait_until("the stranger", || {
        PostmasterPid::read(&cluster).unwrap().is_some_and(|it| it.ready && it.pid == stranger.pid())
    });

    // Our own child finds the stranger's pid file and ends; the stranger's being ready does not count for us.
    let data = DataDir::open(dir.path(), &user, &mut |_| {}).unwrap();
    let socket = SocketDir::make(&data, &user).unwrap();
    let mut log = LogFile::open(data.log(), &user).unwrap();
    let launch = Launch { binaries, data: &data, socket: &socket, user, durability: Durability::Disposable };
    let error = launch.until_ready(&mut log, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("postmaster.pid"), "{error}");
    assert_eq!(stranger.try_wait().unwrap(), None);
}

#[tokio::test]
async fn a_data_directory_whose_path_is_too_long_for_a_socket_works() {
    let dir = data_dir();
    let long = dir.path().join("x".repeat(60)).join("y".repeat(60));
    let postgres = start(&long);
    postgres.bootstrap().await.unwrap();
    let socket = postgres.socket_dir().to_path_buf();
    assert!(!socket.starts_with(&long));
    assert_eq!(socket.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    postgres.stop().unwrap();
    assert!(!socket.exists());
}

#[test]
fn dropping_leaves_no_process() {
    let dir = data_dir();
    drop(start(dir.path()));
    assert_eq!(processes_of(dir.path()), Vec::<String>::new());
}

#[test]
fn a_terminals_ctrl_c_does_not_reach_the_server() {
    let dir = data_dir();
    let postgres = start(dir.path());
    let group = |pid: u32| stat(pid).unwrap()[2].clone();
    assert_ne!(group(postgres.pid()), group(std::process::id()));
}

#[test]
fn a_server_that_is_killed_is_noticed_and_starts_again() {
    let dir = data_dir();
    let mut postgres = start(dir.path());
    kill(postgres.pid(), "-9");
    wait_until("the server's end", || matches!(postgres.check(), Err(EmbeddedError::Died { .. })));
    // While we still hold the lifeline: the two shells do not wait for it.
    wait_until("the shells' end", || processes_of(dir.path()).is_empty());
    drop(postgres);
    start(dir.path()).stop().unwrap();
}

/// The body of a program that is killed; only ever run by the tests below.
#[test]
#[ignore = "run by the tests that kill it"]
fn killed_program() {
    let Some(dir) = std::env::var_os("DRAXIS_TEST_DATA_DIR") else { return };
    let postgres = start(Path::new(&dir));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        postgres.bootstrap().await.unwrap();
        let mut connection = owner_connection(&postgres).await;
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)").await.unwrap();
        connection.execute("INSERT INTO kept VALUES (7)").await.unwrap();
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(format!("\nserver {}\n", postgres.pid()).as_bytes()).unwrap();
        stdout.flush().unwrap();
        // Not before it is told to: the server is at work when the program is killed.
        connection.execute("SELECT pg_sleep(600)").await.unwrap();
    });
}

fn program_to_kill(dir: &Path) -> (Child, u32) {
    let mut program = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "embedded_postgres::tests::killed_program"])
        .env("DRAXIS_TEST_DATA_DIR", dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(program.stdout.take().unwrap());
    let server =
        said.lines().find_map(|line| line.unwrap().strip_prefix("server ").map(|pid| pid.parse().unwrap()));
    (program, server.expect("the program starts its server"))
}

#[tokio::test]
async fn a_program_killed_with_minus_nine_leaves_nothing_running_and_loses_nothing() {
    let dir = data_dir();
    let (mut program, server) = program_to_kill(dir.path());
    assert!(processes_of(dir.path()).len() >= 3, "the server and its two shells");
    program.kill().unwrap();
    program.wait().unwrap();
    wait_until("the server's end", || processes_of(dir.path()).is_empty());

    let postgres = start(dir.path());
    assert_ne!(postgres.pid(), server);
    let row = owner_connection(&postgres).await.fetch_one("SELECT count(*) FROM kept").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
}

#[tokio::test]
async fn a_start_right_after_a_kill_waits_for_the_previous_server() {
    let dir = data_dir();
    let (mut program, server) = program_to_kill(dir.path());
    // Without its checkpointer the previous server cannot end before the next program has seen it.
    let checkpointer = child_of(server, "postgres: checkpointer");
    kill(checkpointer, "-STOP");
    program.kill().unwrap();
    program.wait().unwrap();
    let mut said = Vec::new();
    let postgres = EmbeddedPostgres::start(&options(dir.path()), &mut |line| {
        said.push(line.to_owned());
        kill(checkpointer, "-CONT");
    })
    .unwrap();
    assert_eq!(said, ["Waiting for the previous Postgres to end"]);
    assert_ne!(postgres.pid(), server);
    let row = owner_connection(&postgres).await.fetch_one("SELECT count(*) FROM kept").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
}

#[test]
fn a_killed_server_that_nobody_has_reaped_does_not_keep_the_next_one_from_starting() {
    let dir = data_dir();
    start(dir.path()).stop().unwrap();
    let user = ServerUser::choose().unwrap();
    let mut command = Command::new("/bin/sh");
    user.run_as(command.args(["-c", "read -r _"]).stdin(Stdio::piped()));
    let mut unreaped = command.spawn().unwrap();
    unreaped.kill().unwrap();
    let file = dir.path().join("postgres/postmaster.pid");
    std::fs::write(&file, format!("{}\n", unreaped.id())).unwrap();
    user.give(&file).unwrap();
    start(dir.path()).stop().unwrap();
    unreaped.wait().unwrap();
}

#[test]
fn a_hang_up_does_not_part_the_server_from_those_who_end_it() {
    let dir = data_dir();
    let (mut program, server) = program_to_kill(dir.path());
    // As the kernel sends it when the program dies while anything in the group is stopped.
    let group = stat(server).unwrap()[2].clone();
    assert!(Command::new("kill").args(["-HUP", "--", &format!("-{group}")]).status().unwrap().success());
    program.kill().unwrap();
    program.wait().unwrap();
    wait_until("the server's end", || processes_of(dir.path()).is_empty());
}

#[tokio::test]
async fn all_killed_at_once_loses_nothing() {
    let dir = data_dir();
    let (mut program, server) = program_to_kill(dir.path());
    kill(server, "-9");
    program.kill().unwrap();
    program.wait().unwrap();
    let postgres = start(dir.path());
    let row = owner_connection(&postgres).await.fetch_one("SELECT count(*) FROM kept").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
}

#[tokio::test]
async fn a_data_directory_as_mktemp_makes_it_works() {
    let private = std::fs::Permissions::from_mode(0o700);
    let dir = tempfile::Builder::new().permissions(private).tempdir().unwrap();
    start(dir.path()).bootstrap().await.unwrap();
}
