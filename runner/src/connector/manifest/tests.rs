//! A mistake in a manifest is refused with its line; the catalog and the built-in manifests hold together.

use super::*;
use crate::connector::registry::Registry;

const GOOD: &str = r#"vendor = "made-up"
name = "Made Up"
source_type = "generic"
base_url = "https://${config.host}"
[auth]
kind = "bearer"
token = "${secret.token}"
[[fields]]
key = "host"
label = "Host"
[[fields]]
key = "token"
label = "Token"
secret = true
[[requests]]
id = "users"
reads = "users"
path = "/users"
items = ".users"
page = { kind = "cursor", next = ".next", param = "after" }
[[requests]]
id = "details"
reads = "details"
path = "/users/${each}"
after = ["users"]
each = { values = ".users[].id" }
[[kris]]
slug = "users_total"
name = "Users"
unit = "count"
direction = "higher_is_worse"
warn = "1.5"
critical = "2"
needs = ["users"]
value = '''
.users
| length
'''
"#;

fn mistake(from: &str, to: &str) -> Mistake {
    assert!(GOOD.contains(from), "{from}");
    Manifest::parse("made-up.toml", &GOOD.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn a_good_manifest_is_read() {
    let manifest = Manifest::parse("made-up.toml", GOOD).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((manifest.requests.len(), manifest.kris.len()), (2, 1));
}

#[test]
fn every_mistake_names_file_line_and_reason() {
    for (from, to, line, reason) in [
        ("source_type = \"generic\"", "source_type = \"toaster\"", 3, "toaster"),
        ("vendor = \"made-up\"", "vendor = \"Made Up\"", 1, "a-z"),
        ("vendor = \"made-up\"", "vendr = \"made-up\"", 1, "vendr"),
        ("https://${config.host}", "ftp://x", 4, "https://"),
        ("https://${config.host}", "https://${config.hots}", 4, "`hots`"),
        ("https://${config.host}", "https://${secret.token}", 4, "may not stand here"),
        ("kind = \"bearer\"", "kind = \"beerer\"", 6, "beerer"),
        ("kind = \"bearer\"", "kind = \"basic\"", 5, "username"),
        ("token = \"${secret.token}\"", "token = \"${secret.token}\"\nscope = \"x\"", 8, "scope"),
        ("token = \"${secret.token}\"", "token = \"${config.token}\"", 7, "secret = false"),
        ("key = \"token\"", "key = \"host\"", 12, "twice"),
        ("secret = true", "secret = true\ndefault = \"x\"", 15, "no default"),
        ("path = \"/users\"", "path = \"users\"", 18, "starts with /"),
        ("path = \"/users\"", "path = \"/users/${each}\"", 18, "may not stand here"),
        ("path = \"/users\"", "path = \"/users/${from.x}\"", 18, "from"),
        ("path = \"/users\"", "path = \"/users/${secret.token}\"", 18, "may not stand here"),
        ("items = \".users\"\n", "", 19, "items"),
        ("kind = \"cursor\"", "kind = \"curser\"", 20, "curser"),
        (", param = \"after\"", "", 20, "param"),
        ("id = \"details\"", "id = \"users\"", 22, "twice"),
        ("after = [\"users\"]", "after = [\"detals\"]", 25, "`detals`"),
        (".users[].id", ".users[].id | enviroment", 26, "enviroment"),
        ("slug = \"users_total\"", "slug = \"Users\"", 28, "a-z"),
        ("warn = \"1.5\"", "warn = \"2\"", 32, "below"),
        ("warn = \"1.5\"", "warn = 1.5", 32, "string"),
        ("higher_is_worse", "lower_is_worse", 32, "above"),
        ("needs = [\"users\"]", "needs = [\"user\"]", 34, "`user`"),
        ("needs = [\"users\"]", "needs = []", 28, "at least one"),
        ("| length", "| lenght", 37, "lenght/0"),
        ("| length", "| $nwo", 37, "$nwo"),
        ("| length", "| length)", 37, ""),
    ] {
        let mistake = mistake(from, to);
        assert_eq!((mistake.file.as_str(), mistake.line), ("made-up.toml", line), "{to}: {mistake}");
        assert!(mistake.reason.contains(reason), "{to}: {mistake}");
    }
}

#[test]
fn the_catalog_has_every_vendor_with_its_fields_and_thresholds() {
    let registry = Registry::open(None).unwrap_or_else(|e| panic!("{e}"));
    let catalog = registry.catalog();
    assert_eq!(catalog.len(), 16 + 4, "sixteen vendors and four generic connectors");
    let tenable = serde_json::to_value(catalog.iter().find(|e| e.vendor == "tenable-io").unwrap()).unwrap();
    assert_eq!(tenable["sourceType"], "vulnerability");
    assert_eq!(tenable["baseUrl"], "https://cloud.tenable.com");
    assert_eq!(tenable["authType"], "header");
    assert_eq!(tenable["fields"][0]["key"], "access_key");
    assert_eq!(tenable["fields"][0]["secret"], true);
    assert_eq!(tenable["kris"][1]["slug"], "critical_cves_unpatched_gt_30d");
    assert_eq!(tenable["kris"][1]["suggestedWarn"], "1");
    assert_eq!(tenable["kris"][1]["direction"], "higher_is_worse");
}

#[test]
fn a_manifest_in_the_operators_folder_is_added_or_takes_the_built_ins_place() {
    let folder = std::env::temp_dir().join(format!("draxis-manifests-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("made-up.toml"), GOOD).unwrap();
    std::fs::write(folder.join("notes.txt"), "not a manifest").unwrap();
    let registry = Registry::open(Some(&folder)).unwrap_or_else(|e| panic!("{e}"));
    assert!(registry.find("made-up").is_some() && registry.find("okta").is_some());
    std::fs::write(folder.join("made-up.toml"), GOOD.replace("| length", "| lenght")).unwrap();
    let refused = Registry::open(Some(&folder)).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(refused.contains("made-up.toml:37: "), "{refused}");
}

#[test]
fn the_documented_manifest_is_one() {
    let readme = include_str!("../../../connectors/README.md");
    let example = readme.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    let manifest = Manifest::parse("README.md", example).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(manifest.vendor, "acme-scanner");
}
