//! Connectors of an operator's own: read at the start, refused with file, line and reason, tried offline.

use std::path::Path;

use draxis_api::config::{CheckCommand, Config};
use draxis_api::errand::check_connector;
use draxis_api::program::Program;
use draxis_runner::connector::registry::Registry;

use crate::house::start_of_time;

const OKTA: &str = include_str!("../../../runner/connectors/okta.toml");

fn fixtures(case: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/vendors/okta").join(case)
}

#[test]
fn a_manifest_of_the_operators_takes_the_built_in_ones_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), OKTA.replace("name = \"Okta\"", "name = \"Our Okta\""))
        .unwrap();
    std::fs::write(folder.path().join("README.md"), "not a manifest").unwrap();
    let registry = Registry::open(Some(folder.path())).unwrap();
    assert_eq!(registry.find("okta").unwrap().name, "Our Okta");
    assert_eq!(registry.all().count(), 16);
}

#[tokio::test]
async fn a_mistake_in_a_manifest_refuses_the_start_with_file_line_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.toml");
    std::fs::write(&file, OKTA.replace("slug = \"locked_out_accounts\"", "slug = \"Locked Out\"")).unwrap();
    let line = OKTA.lines().position(|line| line.contains("locked_out_accounts")).unwrap() + 1;
    let data = tempfile::tempdir().unwrap();
    let variable = |name: &str, value: &Path| (name.into(), value.as_os_str().to_owned());
    let config = Config::read(
        ["draxis".into(), "serve".into()],
        [variable("DRAXIS_CONNECTORS_DIR", folder.path()), variable("DRAXIS_DATA_DIR", data.path())],
    );
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    let Err(error) = Program::start(config, &mut |_| {}).await else { panic!("it started") };
    let said = error.to_string();
    assert!(said.starts_with(&format!("{}:{line}: ", file.display())), "{said}");
    assert!(said.contains("slug"), "{said}");
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "nothing else was started");
}

#[tokio::test]
async fn a_manifest_is_tried_offline() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runner/connectors/okta.toml");
    let check = async |file: &Path, case: &str| {
        let asked = CheckCommand { file: file.to_owned(), replies: fixtures(case) };
        check_connector::run(&asked, start_of_time()).await
    };
    assert!(check(&manifest, "complete").await.unwrap());
    assert!(check(&manifest, "forbidden").await.unwrap(), "a part is measured");
    assert!(!check(&manifest, "refused").await.unwrap());
    assert!(!check(&manifest, "").await.unwrap(), "of all its cases some measure nothing");
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.toml");
    std::fs::write(&wrong, "vendor = 1\n").unwrap();
    let said = check(&wrong, "complete").await.unwrap_err().to_string();
    assert!(said.starts_with(&format!("{}:1: ", wrong.display())), "{said}");
    let said = check(&manifest, "complete/none").await.unwrap_err().to_string();
    assert!(said.contains("none"), "{said}");
}
