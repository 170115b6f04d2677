//! Texts that ask somebody to decide. What they carry is the address of a page where one signs in and reads what will be done;
//! no address decides anything by being opened, by a person or by a robot that looks ahead (hazards H2, H10).

use chrono::{DateTime, Utc};
use draxis_domain::source::BaseUrl;
use draxis_domain::workflow::Destination;
use ulid::Ulid;

use super::exchange::{cut, one_line};

const SUBJECT: usize = 150;
const QUESTION: usize = 2000;

/// Why somebody is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// They are asked.
    Asked,
    /// They have not answered.
    Reminded,
    /// Others have not answered.
    Escalated,
    /// Somebody has handed their say to them.
    Delegated,
}

/// What somebody is asked to decide.
#[derive(Debug, Clone)]
pub struct ApprovalAsk<'a> {
    /// Why now.
    pub occasion: Occasion,
    /// Which workflow asks.
    pub workflow: &'a str,
    /// What is asked, and what will be done then, in words.
    pub question: &'a str,
    /// Until when.
    pub due: Option<DateTime<Utc>>,
    /// Where it is decided.
    pub page: &'a ApprovalPage,
}

/// The page where an approval is shown to whoever has signed in. It is made of our own address and the approval's id, so there
/// is nothing in it that could decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalPage(String);

impl ApprovalPage {
    /// The page below our own public address.
    pub fn new(public: &BaseUrl, approval: Ulid) -> Self {
        Self(format!("{}/approvals/{approval}", public.as_str()))
    }

    /// Its address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ApprovalAsk<'_> {
    /// Subject and text of a letter.
    pub fn letter(&self) -> (String, String) {
        let subject = one_line(&format!("{}: {}", self.occasion.words(), self.workflow), SUBJECT);
        (subject, self.text(Destination::Plain))
    }

    /// A message for Slack, in mrkdwn.
    pub fn message(&self) -> String {
        format!("*{}*\n{}", self.occasion.words(), self.text(Destination::SlackMrkdwn))
    }

    fn text(&self, destination: Destination) -> String {
        let workflow = destination.escape(self.workflow);
        let question = destination.escape(&cut(self.question.trim(), QUESTION));
        let due = match self.due {
            Some(due) => format!("Please answer before {}.\n", due.format("%Y-%m-%d %H:%M UTC")),
            None => String::new(),
        };
        let page = destination.escape(self.page.as_str());
        format!(
            "The workflow \"{workflow}\" waits for a decision.\n\n{question}\n\n{due}\
             Read what will be done, and decide, on this page (opening it decides nothing):\n{page}\n"
        )
    }
}

impl Occasion {
    const fn words(self) -> &'static str {
        match self {
            Self::Asked => "Decision needed",
            Self::Reminded => "Decision still needed",
            Self::Delegated => "Decision handed to you",
            Self::Escalated => "Decision needed, nobody has answered",
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use draxis_domain::source::BaseUrl;
    use ulid::Ulid;

    use super::{ApprovalAsk, ApprovalPage, Occasion};

    fn page() -> ApprovalPage {
        ApprovalPage::new(&BaseUrl::parse("https://draxis.example/").unwrap(), Ulid::nil())
    }

    fn texts(question: &str) -> [String; 2] {
        let (page, due) = (page(), DateTime::from_timestamp(1_700_000_000, 0));
        let ask =
            ApprovalAsk { occasion: Occasion::Asked, workflow: "Patch <now>", question, due, page: &page };
        let (subject, text) = ask.letter();
        assert_eq!(subject, "Decision needed: Patch <now>");
        [text, ask.message()]
    }

    #[test]
    fn the_only_address_is_the_page_and_nothing_is_in_it_but_a_name() {
        for text in texts("Open a ticket?") {
            let addresses: Vec<&str> = text.split_whitespace().filter(|word| word.contains("://")).collect();
            assert_eq!(addresses, ["https://draxis.example/approvals/00000000000000000000000000"]);
            assert!(!addresses[0].contains(['?', '#', '&', '=']));
            assert!(text.contains("2023-11-14 22:13 UTC"), "{text}");
        }
    }

    #[test]
    fn what_is_asked_is_text_in_slack_too() {
        let [letter, message] = texts("<!channel> <https://evil.example|Approve>");
        assert!(letter.contains("<!channel>"));
        assert!(message.contains("&lt;!channel&gt; &lt;https://evil.example|Approve&gt;"), "{message}");
        assert!(message.contains("Patch &lt;now&gt;"), "{message}");
    }
}
