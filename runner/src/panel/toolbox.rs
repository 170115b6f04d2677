//! What the panel's models may call: questions about one snapshot, which no call can change, widen or leave (hazards H9).

use std::collections::BTreeMap;

use draxis_domain::panel::{
    Checked, Citation, CitedKind, KeptFact, Ledger, RunCause, RunLine, RunStands, Snapshot, check,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::model::{Tool, Toolbox, wrapped};

/// How many things one call returns.
const LISTED: usize = 60;
/// The longest answer, and the longest rationale.
const LONGEST: usize = 12_000;
/// The longest result of a call, in bytes.
const LONGEST_RESULT: usize = 48_000;
/// How often an answer is returned for its figures before they are struck out.
const RETURNED: u32 = 2;

/// What a model answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    answer: String,
    rationale: String,
    citations: Vec<Citation>,
    #[serde(default)]
    keep: Vec<KeptFact>,
}

/// An answer of which every figure has been looked at.
#[derive(Debug, Clone)]
pub(super) struct CheckedDraft {
    pub(super) checked: Checked,
    pub(super) keep: Vec<KeptFact>,
}

/// The tools over a snapshot.
pub(super) struct Reading<'a> {
    snapshot: &'a Snapshot,
    ledger: Ledger,
    returned: u32,
}

impl<'a> Reading<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, ledger: Ledger::of(snapshot), returned: 0 }
    }

    /// Everything that can be cited of a thing, under the names by which it is cited.
    fn fields(&self, kind: CitedKind, id: &str) -> Map<String, Value> {
        let begin = (kind, id.to_owned(), String::new());
        let of =
            self.ledger.entries().range(begin..).take_while(|((of, whose, _), _)| *of == kind && whose == id);
        of.map(|((_, _, field), value)| (field.clone(), json!(value))).collect()
    }

    #[expect(clippy::needless_pass_by_value, reason = "what is made for this one thing goes into it")]
    fn thing(&self, kind: CitedKind, id: &impl ToString, (name, about): (&str, &str), more: Value) -> Value {
        let id = id.to_string();
        let mut thing = json!({ "kind": kind, "id": id, "name": name, "fields": self.fields(kind, &id) });
        if let Some(thing) = thing.as_object_mut() {
            if !about.is_empty() {
                thing.insert("about".to_owned(), json!(about));
            }
            thing.extend(more.as_object().cloned().unwrap_or_default());
        }
        thing
    }

    fn kris(&self, keep: impl Fn(&draxis_domain::panel::KriLine) -> bool) -> Vec<Value> {
        let kept = self.snapshot.kris.iter().filter(|kri| keep(kri)).take(LISTED);
        kept.map(|kri| {
            let mut more = json!({ "unit": kri.unit, "direction": kri.direction, "riskIds": kri.risk_ids });
            if let (Some(more), Some(breach)) = (more.as_object_mut(), &kri.breach) {
                let fields = self.fields(CitedKind::Breach, &breach.id.to_string());
                more.insert(
                    "breach".to_owned(),
                    json!({ "kind": "breach", "id": breach.id, "fields": fields }),
                );
            }
            self.thing(CitedKind::Kri, &kri.id, (kri.name.as_str(), &kri.about), more)
        })
        .collect()
    }

    fn risks(&self) -> Vec<Value> {
        let risks = draxis_domain::panel::rules::rank(self.snapshot);
        let things = risks.iter().take(LISTED).map(|ranked| {
            let risk = ranked.risk;
            let more = json!({ "kriIds": risk.kri_ids, "controlIds": risk.control_ids, "outcomeIds": risk.outcome_ids });
            self.thing(CitedKind::Risk, &risk.id, (risk.name.as_str(), &risk.about), more)
        });
        things.collect()
    }

    fn runs(&self, state: Option<&str>) -> Vec<Value> {
        let wanted = |run: &&RunLine| state.is_none_or(|state| run.state.as_str() == state);
        let runs = self.snapshot.runs.iter().filter(wanted).take(LISTED);
        runs.map(|run| {
            let mut more = json!({ "workflowId": run.workflow_id, "steps": run.steps });
            if let (Some(more), RunCause::KriBreach(kri)) = (more.as_object_mut(), run.cause) {
                more.insert("kriId".to_owned(), json!(kri));
            }
            self.thing(CitedKind::Run, &run.id, (run.workflow.as_str(), ""), more)
        })
        .collect()
    }

    fn look(&self, name: &str, with: &With) -> Result<Vec<Value>, String> {
        let snapshot = self.snapshot;
        Ok(match name {
            "overview" => vec![
                json!({ "kind": "portfolio", "id": "all", "fields": self.fields(CitedKind::Portfolio, "all") }),
            ],
            "list_kris" => self.kris(|kri| {
                let status = serde_json::to_value(kri.status).unwrap_or_default();
                with.status.as_ref().is_none_or(|wanted| status == wanted.as_str())
            }),
            "read_kri" => {
                let id = with.id.as_deref().ok_or("`id` is missing")?;
                let found = self.kris(|kri| kri.id.to_string() == id || kri.slug.as_str() == id);
                if found.is_empty() {
                    return Err("there is no such KRI".to_owned());
                }
                found
            }
            "list_breaches" => self.kris(|kri| kri.breach.is_some()),
            "list_risks" => self.risks(),
            "list_outcomes" => snapshot
                .outcomes
                .iter()
                .take(LISTED)
                .map(|it| {
                    let more = json!({ "riskIds": it.risk_ids, "kriIds": it.kri_ids });
                    self.thing(CitedKind::Outcome, &it.id, (it.name.as_str(), &it.about), more)
                })
                .collect(),
            "list_controls" => snapshot
                .controls
                .iter()
                .take(LISTED)
                .map(|it| {
                    let more = json!({ "riskIds": it.risk_ids });
                    self.thing(CitedKind::Control, &it.id, (it.name.as_str(), &it.about), more)
                })
                .collect(),
            "list_vendors" => snapshot
                .vendors
                .iter()
                .take(LISTED)
                .map(|it| self.thing(CitedKind::Vendor, &it.id, (it.name.as_str(), &it.about), json!({})))
                .collect(),
            "list_runs" => self.runs(with.status.as_deref()),
            "read_memory" => self.memory(with.words.as_deref().unwrap_or_default()),
            _ => return Err("there is no such tool".to_owned()),
        })
    }

    fn memory(&self, words: &str) -> Vec<Value> {
        let words: Vec<String> = words.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let near = |text: &str| {
            let text = text.to_lowercase();
            words.is_empty() || words.iter().any(|word| text.contains(word.as_str()))
        };
        let facts =
            self.snapshot.facts.iter().filter(|fact| near(fact.key.as_str()) || near(fact.value.as_str()));
        let facts = facts.map(|fact| {
            let more = json!({ "source": fact.source });
            self.thing(CitedKind::Fact, &fact.key, (fact.key.as_str(), ""), more)
        });
        let documents = self.snapshot.documents.iter();
        let documents =
            documents.map(|it| self.thing(CitedKind::Document, &it.id, (it.title.as_str(), ""), json!({})));
        facts.chain(documents).take(LISTED).collect()
    }
}

/// What calls take; each tool says in its schema which of it. Anything else is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct With {
    id: Option<String>,
    status: Option<String>,
    words: Option<String>,
}

impl Toolbox for Reading<'_> {
    type Answer = CheckedDraft;

    fn tools(&self) -> Vec<Tool> {
        let none = || json!({ "type": "object", "properties": {}, "additionalProperties": false });
        let one = |name: &str, schema: Value| {
            let properties: BTreeMap<&str, Value> = BTreeMap::from([(name, schema)]);
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        };
        let tool = |name: &str, description: &str, takes| Tool {
            name: name.to_owned(),
            description: description.to_owned(),
            takes,
        };
        let status = json!({ "type": "string", "enum": ["green", "unknown", "amber", "red"] });
        vec![
            tool("overview", "How many KRIs, risks, controls there are, and how they stand.", none()),
            tool("list_kris", "KRIs, all or those of one status.", one("status", status)),
            tool(
                "read_kri",
                "A KRI by id or slug, with its latest points.",
                one("id", json!({ "type": "string" })),
            ),
            tool("list_breaches", "KRIs in breach, with the breach.", none()),
            tool("list_risks", "Risks that threaten, the worst first.", none()),
            tool("list_outcomes", "Business outcomes and how they are threatened.", none()),
            tool("list_controls", "Controls and how well they work.", none()),
            tool("list_vendors", "Third parties and their criticality.", none()),
            tool(
                "list_runs",
                "The latest runs of workflows: what set each off, its steps, what it waits for or stumbled over.",
                one("status", json!({ "type": "string", "enum": RunStands::ALL })),
            ),
            tool(
                "read_memory",
                "Facts and passages of documents that the company keeps, near some words.",
                one("words", json!({ "type": "string" })),
            ),
        ]
    }

    fn answer_schema(&self) -> Value {
        let text = json!({ "type": "string" });
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["answer", "rationale", "citations"],
            "properties": {
                "answer": text,
                "rationale": text,
                "citations": { "type": "array", "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["kind", "id", "field", "value"],
                    "properties": {
                        "kind": { "type": "string", "enum": ["kri", "risk", "outcome", "control", "vendor", "breach", "fact",
                                                             "document", "portfolio", "run"] },
                        "id": text, "field": text, "value": text,
                    },
                } },
                "keep": { "type": "array", "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["key", "value"],
                    "properties": { "key": text, "value": text },
                } },
            },
        })
    }

    fn spoken_field(&self) -> &'static str {
        "answer"
    }

    fn call(&mut self, name: &str, with: &Value) -> Result<String, String> {
        let with: With = serde_json::from_value(with.clone()).map_err(|error| error.to_string())?;
        let (mut shown, mut length) = (Vec::new(), 0_usize);
        for thing in self.look(name, &with)? {
            // As it is shown: what is escaped is longer, and what is cut off does not end its data.
            length = length.saturating_add(wrapped(&thing).len());
            if length > LONGEST_RESULT {
                shown.push(json!({ "more": "there is more than can be shown at once; ask more narrowly" }));
                break;
            }
            shown.push(thing);
        }
        Ok(wrapped(&Value::Array(shown)))
    }

    fn read(&mut self, answer: &Value) -> Result<CheckedDraft, String> {
        let draft: Draft = serde_json::from_value(answer.clone()).map_err(|error| error.to_string())?;
        if draft.answer.trim().is_empty() {
            return Err("`answer` is empty".to_owned());
        }
        if draft.answer.chars().count() > LONGEST || draft.rationale.chars().count() > LONGEST {
            return Err(format!("`answer` and `rationale` may have at most {LONGEST} characters each"));
        }
        if draft.citations.len() > 400 || draft.keep.len() > 10 {
            return Err("too many citations, or too much to keep".to_owned());
        }
        let checked = check(&[&draft.answer, &draft.rationale], &draft.citations, self.snapshot);
        if !checked.struck.is_empty() && self.returned < RETURNED {
            self.returned = self.returned.saturating_add(1);
            let struck = serde_json::to_string(&checked.struck).unwrap_or_default();
            return Err(format!(
                "these figures are not borne out by the data; cite each exactly as a tool returned it, or leave it out: {struck}"
            ));
        }
        Ok(CheckedDraft { checked, keep: draft.keep })
    }
}

#[cfg(test)]
mod tests;
