//! Validation: the one gate for definitions, whichever way they come in. It finds all problems, not only the first.

mod approval;
mod flow;
mod text;
mod trigger;

use serde_json::Value;

use crate::workflow::problem::{Pointer, Problem};
use crate::workflow::shape::{clipped, misfits};
use crate::workflow::{Action, Definition, Party, SchemaVersion, Step, TenantFacts, Trigger, definition};

/// The largest definition that is looked at, in bytes of JSON.
pub const LARGEST: usize = 256 * 1024;

/// Reads a definition and holds it against the schema and the tenant.
pub fn validate(given: &Value, facts: &TenantFacts) -> Result<Definition, Vec<Problem>> {
    if let Some(problem) = version_problem(given) {
        return Err(vec![problem]);
    }
    let given = definition::lift(given.clone());
    let mut problems = misfits(&given);
    let shapely = problems.is_empty();
    let parts = Parts::read(&given, facts);
    parts.check(&mut problems);
    if problems.is_empty() {
        return serde_json::from_value(given).map_err(|error| {
            vec![Problem::new(
                "definition.malformed",
                &Pointer::Root,
                error.to_string(),
                "Compare it with the schema.",
            )]
        });
    }
    debug_assert!(!shapely || parts.complete(&given), "what fits the schema can be read");
    Err(problems)
}

/// Reads a definition from text, as a file or an editor has it.
pub fn validate_text(text: &str, facts: &TenantFacts) -> Result<Definition, Vec<Problem>> {
    if text.len() > LARGEST {
        let message = format!("has {} bytes, {LARGEST} are allowed", text.len());
        return Err(vec![Problem::new(
            "definition.too_large",
            &Pointer::Root,
            message,
            "Split it into several workflows.",
        )]);
    }
    match serde_json::from_str(text) {
        Ok(value) => validate(&value, facts),
        Err(error) => {
            let message = format!("is not JSON: {error}");
            Err(vec![Problem::new(
                "definition.not_json",
                &Pointer::Root,
                message,
                "Correct the text at that place.",
            )])
        }
    }
}

/// A definition of another schema version is not looked at any further: nothing else is known about it (hazards H15).
fn version_problem(given: &Value) -> Option<Problem> {
    let version = given.get("schemaVersion").filter(|version| version.is_u64() || version.is_i64())?;
    let today = SchemaVersion::TODAY.get();
    (version.as_u64() != Some(u64::from(today))).then(|| {
        let message = format!("schema version {version} is not known to this program");
        let next = format!("Write it in version {today}, or run a newer draxis.");
        Problem::new("definition.schema_version", &Pointer::Root.key("schemaVersion"), message, next)
            .allowing([today])
    })
}

/// The parts of a definition that could be read, each on its own, so that a mistake in one does not hide those in others.
struct Parts<'a> {
    facts: &'a TenantFacts,
    owners: Vec<(usize, Party)>,
    trigger: Option<Trigger>,
    steps: Vec<Option<Step>>,
    /// Every id that stands in a step, also of one that could not be read.
    ids: Vec<Option<String>>,
}

fn items<'a>(given: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    given.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn read<T: serde::de::DeserializeOwned>(part: &Value) -> Option<T> {
    serde_json::from_value(part.clone()).ok()
}

impl<'a> Parts<'a> {
    fn read(given: &Value, facts: &'a TenantFacts) -> Self {
        Self {
            facts,
            owners: items(given, "owners")
                .enumerate()
                .filter_map(|(index, owner)| Some((index, read(owner)?)))
                .collect(),
            trigger: given.get("trigger").and_then(read),
            steps: items(given, "steps").map(read).collect(),
            ids: items(given, "steps").map(|step| step.get("id")?.as_str().map(str::to_owned)).collect(),
        }
    }

    fn complete(&self, given: &Value) -> bool {
        self.trigger.is_some()
            && self.owners.len() == items(given, "owners").count()
            && self.steps.iter().all(Option::is_some)
    }

    fn check(&self, problems: &mut Vec<Problem>) {
        let root = Pointer::Root;
        if let Some(trigger) = &self.trigger {
            trigger::check(trigger, self.facts, &root.key("trigger"), problems);
        }
        let owners = root.key("owners");
        for (index, owner) in &self.owners {
            self.party(*owner, &owners.index(*index), problems);
        }
        let steps = root.key("steps");
        flow::check(self, &steps, problems);
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(step) = step {
                self.step(index, step, &steps.index(index), problems);
            }
        }
    }

    fn step(&self, index: usize, step: &Step, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
        text::check(self, index, step, at, problems);
        if let Some(channel) = step.action.relay()
            && !self.facts.relays.contains(&channel)
        {
            let message = format!("this step goes through {channel}, which is not set up");
            let (place, what) = match &step.action {
                Action::AwaitApproval(_) => ("slackChannel", "field"),
                Action::NotifyOwner(_)
                | Action::CreateTicket(_)
                | Action::PanelQuery(_)
                | Action::ProduceDocument(_)
                | Action::PostSlack(_)
                | Action::EmitKriEvent(_)
                | Action::Wait(_) => ("type", "step"),
            };
            let next = format!("Set it up with PUT /api/relay-config/{channel}, or remove the {what}.");
            problems.push(
                Problem::new("relay.missing", &at.key(place), message, next).allowing(&self.facts.relays),
            );
        }
        match &step.action {
            Action::NotifyOwner(notify) => {
                let to = at.key("to");
                for (place, party) in notify.to.iter().enumerate() {
                    self.party(*party, &to.index(place), problems);
                }
            }
            Action::AwaitApproval(ask) => approval::check(self, ask, at, problems),
            Action::EmitKriEvent(emit) if !self.facts.kri_events.contains_key(&emit.event_type) => {
                let message = format!("no KRI event {} is declared", emit.event_type);
                let next = "Declare it with PUT /api/workflow-kri-definitions/<id>, or emit a declared one.";
                let problem = Problem::new("kri_event.undeclared", &at.key("eventType"), message, next);
                problems.push(problem.allowing(self.facts.kri_events.keys()));
            }
            Action::EmitKriEvent(_)
            | Action::CreateTicket(_)
            | Action::PanelQuery(_)
            | Action::ProduceDocument(_)
            | Action::PostSlack(_)
            | Action::Wait(_) => {}
        }
    }

    /// Whoever is spoken of must exist: an account of the tenant, a role that somebody holds, a KRI that has an owner.
    fn party(&self, party: Party, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
        match party {
            Party::Account(id) if !self.facts.accounts.contains_key(&id) => problems.push(
                Problem::new(
                    "account.unknown",
                    &at.key("account"),
                    format!("no account {} can sign in to this tenant", clipped(&id.to_string())),
                    "Choose a member of the tenant, or invite the person first.",
                )
                .allowing(self.facts.accounts.keys()),
            ),
            Party::Role(role) if self.facts.holders(role).next().is_none() => problems.push(Problem::new(
                "role.empty",
                &at.key("role"),
                "nobody holds this role in the tenant",
                "Grant the role to somebody, or name an account.",
            )),
            Party::KriOwner(_) => self.kri_owner(&at.key("kriOwner"), problems),
            Party::Account(_) | Party::Role(_) => {}
        }
    }

    fn kri_owner(&self, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
        match &self.trigger {
            Some(Trigger::Schedule(_) | Trigger::Manual(_)) => problems.push(Problem::new(
                "kri_owner.no_kri",
                at,
                "no KRI triggers this workflow, so there is no owner of it",
                "Name an account or a role, or trigger on a KRI's breach.",
            )),
            Some(Trigger::KriBreach(breach))
                if self.facts.kri(&breach.kri).is_some_and(|kri| kri.owner.is_none()) =>
            {
                problems.push(Problem::new(
                    "kri_owner.none",
                    at,
                    format!("KRI {} has no owner", breach.kri),
                    "Give the KRI an owner, or name an account or a role.",
                ));
            }
            Some(Trigger::KriBreach(_)) | None => {}
        }
    }

    /// The steps before this one, as far as they could be read.
    fn before(&self, index: usize) -> impl Iterator<Item = &Step> {
        self.steps.iter().take(index).flatten()
    }

    /// The place of the step with this id.
    fn place(&self, id: &str) -> Option<usize> {
        self.ids.iter().position(|known| known.as_deref() == Some(id))
    }
}

#[cfg(test)]
mod golden;
