//! In the house: steps that ask the panel, write a document or change KRIs. Each can be done again without doing it twice.

use draxis_commands::CommandError;
use draxis_commands::workflow_run::ProducedDocument;
use draxis_domain::Question;
use draxis_domain::workflow::Step;
use draxis_domain::workflow_run::{InHouse, Progress, RunState, StepSetback};
use serde_json::{Value, json};

use crate::document;
use crate::panel::PanelError;
use crate::run::drive::Worker;

/// Why a step could not be done.
pub(super) enum Undone {
    /// What the run is told.
    Setback(StepSetback),
    /// Our own fault: the claim is given back and taken up again.
    Failed(CommandError),
}

impl From<CommandError> for Undone {
    fn from(error: CommandError) -> Self {
        if let CommandError::Rejected(rejection) = error {
            Self::Setback(setback("step.refused", rejection.to_string()))
        } else {
            Self::Failed(error)
        }
    }
}

/// What trying again would not change.
pub(super) fn setback(code: &str, detail: impl Into<String>) -> StepSetback {
    StepSetback { code: code.to_owned(), detail: detail.into(), retryable: false }
}

impl Worker<'_> {
    /// Does a step in the house and says what came of it.
    pub(super) async fn do_in_house(
        &mut self,
        state: &RunState,
        step: &Step,
    ) -> Result<Progress, CommandError> {
        let id = step.frame.id.clone();
        match self.result_of(state, step).await {
            Ok(result) => Ok(Progress::Did { step: id, result }),
            Err(Undone::Setback(setback)) => Ok(Progress::DidNot { step: id, setback }),
            Err(Undone::Failed(error)) => Err(error),
        }
    }

    async fn result_of(&mut self, state: &RunState, step: &Step) -> Result<Value, Undone> {
        let scene = self.scene(&state.begun).await?;
        let in_house = state.in_house(step, &scene);
        let in_house = in_house.map_err(|(code, detail)| Undone::Setback(setback(code, detail)))?;
        match in_house {
            InHouse::Ask { question } => self.ask_panel(step, &question).await,
            InHouse::Write { title, body, formats } => {
                let document = Writing { title: &title, body: &body };
                self.write(&document, &formats)
            }
            InHouse::Emit { pinned, at } => self.emit(state, (step, pinned), at).await,
        }
    }

    async fn ask_panel(&self, step: &Step, question: &str) -> Result<Value, Undone> {
        let question = Question::parse(question)
            .map_err(|error| Undone::Setback(setback("panel.question", error.to_string())))?;
        let (tenant, id) = (self.claimed.tenant, step.frame.id.as_str());
        let answer = match self.runs.0.panel.ask_for_run(tenant, self.id(), id, question).await {
            Ok(answer) => answer,
            Err(PanelError::Command(error)) => return Err(error.into()),
            Err(PanelError::Read(error)) => return Err(Undone::Failed(CommandError::failed(error))),
        };
        Ok(json!({
            "answer": answer.answer, "rationale": answer.rationale, "experts": answer.experts,
            "citations": answer.citations,
        }))
    }

    /// Writes a document in each of its formats, to be kept before it is told of: under the hash of its bytes, so that writing it
    /// again is nothing new.
    fn write(
        &mut self,
        writing: &Writing<'_>,
        formats: &[document::DocumentFormat],
    ) -> Result<Value, Undone> {
        let mut files = Vec::new();
        for format in formats.iter().copied() {
            let bytes = document::render(writing.title, writing.body, format);
            let bytes = bytes.map_err(|error| Undone::Setback(setback(error.code(), error.to_string())))?;
            let hash = document::content_id(&bytes);
            let media_type = document::media_type(format).to_owned();
            let name = format!("{}.{}", file_name(writing.title), document::extension(format));
            let url = format!("/api/documents/{hash}");
            files.push(json!({ "format": format, "hash": hash, "url": url, "name": name }));
            self.written.push(ProducedDocument { hash, media_type, name, bytes });
        }
        let first =
            |field: &str| files.first().and_then(|file| file.get(field)).cloned().unwrap_or(Value::Null);
        Ok(json!({ "title": writing.title, "hash": first("hash"), "url": first("url"), "files": files }))
    }
}

/// A document to be written.
struct Writing<'a> {
    title: &'a str,
    body: &'a str,
}

/// A title as the name of a file, without what any system takes for something else.
fn file_name(title: &str) -> String {
    let kept: String = title
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .take(80)
        .collect();
    let kept = kept.trim_matches('-');
    if kept.is_empty() { "document".to_owned() } else { kept.to_owned() }
}
