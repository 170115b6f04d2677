//! `domain ← proof ← event_store ← {commands, projections} ← runner ← api ← tests`, and no other arrow.

use super::manifests::{Imports, imports};
use super::none;

/// Each crate with those of the house that it may import.
const ROOMS: [(&str, &[&str]); 8] = [
    ("draxis-domain", &[]),
    ("draxis-proof", &["draxis-domain"]),
    ("draxis-event-store", &["draxis-domain", "draxis-proof"]),
    ("draxis-commands", &["draxis-domain", "draxis-proof", "draxis-event-store"]),
    ("draxis-projections", &["draxis-domain", "draxis-proof", "draxis-event-store"]),
    (
        "draxis-runner",
        &["draxis-domain", "draxis-proof", "draxis-event-store", "draxis-commands", "draxis-projections"],
    ),
    (
        "draxis-api",
        &[
            "draxis-domain",
            "draxis-proof",
            "draxis-event-store",
            "draxis-commands",
            "draxis-projections",
            "draxis-runner",
        ],
    ),
    (
        "draxis-tests",
        &[
            "draxis-domain",
            "draxis-proof",
            "draxis-event-store",
            "draxis-commands",
            "draxis-projections",
            "draxis-runner",
            "draxis-api",
        ],
    ),
];

fn wrong(imports: &Imports) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, imported) in imports {
        let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| room == name) else {
            faults.push(format!("{name} is no room of the house"));
            continue;
        };
        let house = imported.iter().filter(|it| it.starts_with("draxis-"));
        faults.extend(
            house.filter(|it| !allowed.contains(&it.as_str())).map(|it| format!("{name} imports {it}")),
        );
    }
    faults
}

#[test]
fn the_rooms_import_each_other_one_way_only() {
    let imports = imports();
    assert_eq!(imports.len(), ROOMS.len(), "every room stands: {:?}", imports.keys());
    none(&wrong(&imports));
}

#[test]
fn an_arrow_the_other_way_is_seen() {
    for (from, to) in [
        ("draxis-domain", "draxis-proof"),
        ("draxis-commands", "draxis-projections"),
        ("draxis-projections", "draxis-commands"),
        ("draxis-runner", "draxis-api"),
        ("draxis-attic", "draxis-domain"),
    ] {
        let planted = Imports::from([(from.to_owned(), [to.to_owned()].into())]);
        assert_eq!(wrong(&planted).len(), 1, "{from} imports {to}");
    }
}
