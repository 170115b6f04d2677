//! Templates: texts with names in them, checked before they are kept and escaped for where they go.

mod bounds;
mod check;
mod escape;

use std::fmt;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::{Deserialize, Serialize};

pub(super) use check::{Flaw, flaws};
pub use escape::Destination;

/// A text with `{{ names }}` in it, in minijinja's syntax without its means to reach other templates, to define functions
/// or to switch escaping off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Template(String);

/// Why a template could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A name has no value in this run, such as the result of a step that was skipped.
    #[error(
        "line {line} speaks of something that this run does not have; test for it first with {{% if … %}}"
    )]
    Undefined {
        /// Where in the template.
        line: usize,
    },
    /// The text would not end or grow too long.
    #[error("the text needs more work than a text may; loop over less")]
    TooMuch,
    /// Anything else; the validator refuses such templates.
    #[error("line {line} cannot be filled in: {what}")]
    Broken {
        /// Where in the template.
        line: usize,
        /// What went wrong.
        what: String,
    },
}

impl Template {
    /// Takes the text as it is; whether it is a good template is for the validator to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How many instructions filling in a template may take.
    const FUEL: u64 = 200_000;

    /// Fills in the names; what comes from outside the template is escaped for where it goes.
    pub fn render(
        &self,
        context: &serde_json::Value,
        destination: Destination,
    ) -> Result<String, RenderError> {
        if check::too_much(&self.0) {
            return Err(RenderError::TooMuch);
        }
        let mut environment = environment();
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("destination".into()));
        environment.set_formatter(move |out, _, value| destination.write(out, value));
        let mut text = bounds::Bounded::default();
        environment
            .template_from_str(&self.0)
            .and_then(|template| template.render_captured_to(Value::from(Serde(context)), &mut text))
            .map_err(|error| RenderError::from_error(&error))?;
        let text = text.into_text().ok_or(RenderError::TooMuch)?;
        Ok(destination.finish(text))
    }
}

/// The filters that a template may use; none of them lets a value escape its escaping.
const FILTERS: [&str; 12] = [
    "capitalize",
    "default",
    "first",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "replace",
    "round",
    "trim",
    "upper",
];

/// The tests that a template may use.
const TESTS: [&str; 7] = ["defined", "false", "in", "none", "number", "true", "undefined"];

fn environment() -> Environment<'static> {
    use minijinja::{filters, tests};
    let mut environment = Environment::empty();
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("default", filters::default);
    environment.add_filter("first", filters::first);
    environment.add_filter("int", filters::int);
    environment.add_filter("join", bounds::join);
    environment.add_filter("last", filters::last);
    environment.add_filter("length", filters::length);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("replace", bounds::replace);
    environment.add_filter("round", filters::round);
    environment.add_filter("trim", filters::trim);
    environment.add_filter("upper", filters::upper);
    environment.add_test("defined", tests::is_defined);
    environment.add_test("false", tests::is_false);
    environment.add_test("in", tests::is_in);
    environment.add_test("none", tests::is_none);
    environment.add_test("number", tests::is_number);
    environment.add_test("true", tests::is_true);
    environment.add_test("undefined", tests::is_undefined);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(Template::FUEL));
    environment
}

impl RenderError {
    fn from_error(error: &minijinja::Error) -> Self {
        let line = error.line().unwrap_or(1);
        if error.kind() == ErrorKind::UndefinedError {
            Self::Undefined { line }
        } else if matches!(error.kind(), ErrorKind::OutOfFuel | ErrorKind::WriteFailure) {
            Self::TooMuch
        } else {
            Self::Broken { line, what: error.kind().to_string() }
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Destination, FILTERS, RenderError, TESTS, Template, environment};

    fn render(text: &str, destination: Destination) -> Result<String, RenderError> {
        let hostile = "<b>&\"x\"</b> *bold* {code} <!channel>\r\nBcc: everyone@acme.example";
        let context =
            json!({ "kri": {"name": hostile, "value": "12.50"}, "steps": {"a": {"result": {"n": [1, 2]}}} });
        Template::new(text).render(&context, destination)
    }

    #[test]
    fn a_value_is_escaped_for_where_it_goes_and_the_template_is_not() {
        let text = "<i>*{{ kri.name }}*</i>";
        assert!(render(text, Destination::Plain).unwrap().contains("<b>&\"x\"</b>"));
        let html = render(text, Destination::Html).unwrap();
        assert!(html.starts_with("<i>*&lt;b&gt;&amp;&quot;x&quot;&lt;&#x2f;b&gt;"), "{html}");
        let slack = render(text, Destination::SlackMrkdwn).unwrap();
        assert!(
            slack.starts_with("<i>*&lt;b&gt;&amp;\"x\"") && slack.contains("&lt;!channel&gt;"),
            "{slack}"
        );
        let jira = render(text, Destination::JiraWiki).unwrap();
        assert!(jira.starts_with("<i>*<b>&\"x\"</b> \\*bold\\* \\{code\\}"), "{jira}");
    }

    #[test]
    fn a_line_stays_one_line_whatever_is_filled_in() {
        let subject = render("KRI {{ kri.name }}\nred", Destination::Line).unwrap();
        assert!(!subject.contains(['\n', '\r']), "{subject:?}");
    }

    #[test]
    fn a_filter_cannot_bring_markup_past_the_escaping() {
        for text in [
            "{{ kri.name | lower }}",
            "{{ kri.name | replace('x', 'y') }}",
            "{{ [kri.name, kri.name] | join('<') }}",
        ] {
            assert!(!render(text, Destination::Html).unwrap().contains("<b>"), "{text}");
        }
    }

    #[test]
    fn a_name_without_value_is_an_error_unless_it_is_tested_for() {
        assert_eq!(
            render("a\n{{ steps.b.result.key }}", Destination::Plain),
            Err(RenderError::Undefined { line: 2 })
        );
        assert_eq!(
            render("{% if steps.b %}{{ steps.b.result.key }}{% else %}none{% endif %}", Destination::Plain)
                .unwrap(),
            "none"
        );
        assert_eq!(render("{{ kri.value }}", Destination::Plain).unwrap(), "12.50");
    }

    #[test]
    fn a_template_that_would_not_end_is_stopped() {
        let digits = "[1,2,3,4,5,6,7,8,9,10]";
        let text = format!("{}x{}", format!("{{% for a in {digits} %}}").repeat(7), "{% endfor %}".repeat(7));
        assert_eq!(render(&text, Destination::Plain), Err(RenderError::TooMuch));
    }

    #[test]
    fn a_text_that_would_grow_without_end_is_stopped() {
        let grow = "|replace('a','aaaaaaaaaa')".repeat(12);
        let long = "x".repeat(40_000);
        for text in [
            format!("{{{{ 'a'{grow} }}}}"),
            format!("{{{{ [1, 2]|join('{long}')|join('{long}') }}}}"),
            format!(
                "{{% for a in {0} %}}{{% for b in {0} %}}{long}{{% endfor %}}{{% endfor %}}",
                "[1,2,3,4,5,6,7,8,9,10]"
            ),
        ] {
            let refused = render(&text, Destination::Plain);
            assert!(matches!(refused, Err(RenderError::TooMuch | RenderError::Broken { .. })), "{refused:?}");
        }
        assert_eq!(render("{{ steps.a.result.n | join(', ') }}", Destination::Plain).unwrap(), "1, 2");
        assert!(render("{{ steps.a.result }}", Destination::Plain).is_err(), "a thing is no text");
    }

    #[test]
    fn the_lists_of_filters_and_tests_are_those_that_are_installed() {
        let environment = environment();
        for filter in FILTERS {
            let text = format!("{{{{ '1' | {filter} }}}}");
            let error = environment.render_str(&text, ()).err().map(|error| error.kind());
            assert_ne!(error, Some(minijinja::ErrorKind::UnknownFilter), "{filter}");
        }
        for test in TESTS {
            let text = format!("{{{{ 1 is {test}([1]) }}}}");
            let error = environment.render_str(&text, ()).err().map(|error| error.kind());
            assert_ne!(error, Some(minijinja::ErrorKind::UnknownTest), "{test}");
        }
    }
}
