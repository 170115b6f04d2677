//! Libraries stand in their rooms: what reaches outside, what speaks HTTP, what seals, what speaks to the database.

use super::manifests::{Imports, imports};
use super::none;

/// Libraries by the beginning of their name, with the only rooms that may import them. The tests may import any.
const ROOMS_OF: [(&str, &[&str]); 16] = [
    ("actix", &["draxis-api"]),
    ("utoipa", &["draxis-api"]),
    ("clap", &["draxis-api"]),
    ("reqwest", &["draxis-runner"]),
    ("lettre", &["draxis-runner"]),
    ("hyper", &[]),
    ("aes-gcm", &["draxis-commands"]),
    ("argon2", &["draxis-commands"]),
    ("jsonwebtoken", &["draxis-commands"]),
    ("sqlx", &["draxis-event-store", "draxis-commands", "draxis-projections", "draxis-api"]),
    ("postgres-es", &["draxis-event-store"]),
    // The projections only test with it: their folds are held against the aggregates.
    ("cqrs-es", &["draxis-domain", "draxis-event-store", "draxis-commands", "draxis-projections"]),
    (
        "tokio",
        &["draxis-event-store", "draxis-commands", "draxis-projections", "draxis-runner", "draxis-api"],
    ),
    (
        "tracing",
        &["draxis-event-store", "draxis-commands", "draxis-projections", "draxis-runner", "draxis-api"],
    ),
    ("getrandom", &["draxis-commands", "draxis-runner", "draxis-api"]),
    ("rand", &[]),
];

fn wrong(imports: &Imports) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, imported) in imports.iter().filter(|(name, _)| *name != "draxis-tests") {
        for (library, rooms) in ROOMS_OF {
            let named = |it: &&String| *it == library || it.starts_with(&format!("{library}-"));
            let strays = imported.iter().filter(named).filter(|_| !rooms.contains(&name.as_str()));
            faults.extend(strays.map(|it| format!("{name} imports {it}, which belongs to {rooms:?}")));
        }
    }
    faults
}

#[test]
fn libraries_stand_in_their_rooms() {
    none(&wrong(&imports()));
}

#[test]
fn a_stray_library_is_seen() {
    for (room, library) in [
        ("draxis-runner", "actix-web"),
        ("draxis-commands", "reqwest"),
        ("draxis-api", "lettre"),
        ("draxis-api", "aes-gcm"),
        ("draxis-domain", "sqlx"),
        ("draxis-proof", "tokio"),
        ("draxis-runner", "sqlx-core"),
    ] {
        let planted = Imports::from([(room.to_owned(), [library.to_owned()].into())]);
        assert_eq!(wrong(&planted).len(), 1, "{room} imports {library}");
    }
}
