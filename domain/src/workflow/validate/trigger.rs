//! What starts a run: the KRI exists, the time comes, the inputs can be filled in.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::workflow::TenantFacts;
use crate::workflow::cron::{Calendar, CalendarError};
use crate::workflow::problem::{Pointer, Problem};
use crate::workflow::trigger::{Input, InputType, Manual, Schedule, Trigger};

pub(super) fn check(trigger: &Trigger, facts: &TenantFacts, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    match trigger {
        Trigger::KriBreach(breach) => {
            if facts.kri(&breach.kri).is_none() {
                let message = format!("there is no KRI {}", breach.kri);
                let next = "Choose one of the tenant's KRIs, or define it first.";
                let problem = Problem::new("kri.unknown", &at.key("kri"), message, next);
                problems.push(problem.allowing(facts.kris.iter().map(|kri| kri.slug.as_str())));
            }
        }
        Trigger::Schedule(schedule) => schedule_fits(schedule, at, problems),
        Trigger::Manual(manual) => inputs_fit(manual, &at.key("inputs"), problems),
    }
}

fn schedule_fits(schedule: &Schedule, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    // The zone is tried on its own, so that a wrong pattern does not hide a wrong zone.
    let zone = Calendar::parse("@daily", &schedule.time_zone).map(drop);
    let cron = Calendar::parse(&schedule.cron, "UTC").map(drop);
    for error in [zone, cron].into_iter().filter_map(Result::err) {
        let (code, field, next) = match &error {
            CalendarError::Zone => (
                "schedule.zone_unknown",
                "timeZone",
                "Choose a zone by its place, such as America/New_York; abbreviations are not known.",
            ),
            CalendarError::Cron(_) => {
                ("schedule.cron_malformed", "cron", "Write minute, hour, day of month, month, day of week.")
            }
            CalendarError::Never => ("schedule.cron_never", "cron", "Choose a day that the month has."),
        };
        problems.push(Problem::new(code, &at.key(field), error.to_string(), next));
    }
}

fn inputs_fit(manual: &Manual, at: &Pointer<'_>, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, input) in manual.inputs.iter().enumerate() {
        let at = at.index(index);
        if !seen.insert(&input.name) {
            let message = format!("two inputs are called {}", input.name);
            problems.push(Problem::new(
                "input.duplicate",
                &at.key("name"),
                message,
                "Give each input its own name.",
            ));
        }
        if (input.kind == InputType::Choice) == input.options.is_empty() {
            let (message, next) = if input.options.is_empty() {
                ("a choice needs options", "List what can be chosen.")
            } else {
                ("only a choice has options", "Remove them, or make it a choice.")
            };
            problems.push(Problem::new("input.options", &at.key("options"), message, next));
        }
        if let Some(default) = &input.default
            && !input.accepts(default)
        {
            let message = "the default is not something that this input accepts";
            problems.push(
                Problem::new(
                    "input.default",
                    &at.key("default"),
                    message,
                    "Write a default of the input's own type.",
                )
                .allowing(&input.options),
            );
        }
    }
}

impl Input {
    /// What can be given for this input, in words.
    pub fn wanted(&self) -> String {
        match self.kind {
            InputType::Text => "a text of at most 4000 characters".to_owned(),
            InputType::Number => "a number".to_owned(),
            InputType::Boolean => "true or false".to_owned(),
            InputType::Date => "a day such as 2026-03-01".to_owned(),
            InputType::Choice => format!("one of {}", self.options.join(", ")),
        }
    }

    /// Whether a value can be given for this input.
    pub fn accepts(&self, value: &Value) -> bool {
        match self.kind {
            InputType::Text => value.as_str().is_some_and(|text| text.chars().count() <= 4000),
            InputType::Number => value.is_number(),
            InputType::Boolean => value.is_boolean(),
            InputType::Date => value
                .as_str()
                .is_some_and(|text| text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok()),
            InputType::Choice => {
                value.as_str().is_some_and(|text| self.options.iter().any(|option| option == text))
            }
        }
    }
}
