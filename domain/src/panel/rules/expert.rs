//! Calling specialists: who is asked, because of what, and what they have to say.

use crate::kri::Status;
use crate::panel::rules::line;
use crate::panel::rules::page::Page;
use crate::panel::rules::question::{Subject, Topic, Understood, bare, says};
use crate::panel::rules::rank::Ranked;
use crate::panel::{CalledExpert, CitedKind, Expert, KriLine, Snapshot};
use crate::vendor::Criticality;

/// What words touch a specialist's field.
const fn field(expert: Expert) -> &'static [&'static str] {
    match expert {
        Expert::Privacy => &[
            "privacy",
            "gdpr",
            "personal",
            "pii",
            "consent",
            "ccpa",
            "hipaa",
            "dpo",
            "exfiltrat*",
            "dlp",
            "patient",
            "leak*",
            "dsar",
        ],
        Expert::ThirdParty => &[
            "vendor",
            "supplier",
            "tprm",
            "outsourc*",
            "subprocessor",
            "contractor",
            "third",
            "saas",
            "supply",
        ],
        Expert::CyberInsurance => {
            &["insur*", "premium", "underwrit*", "deductible", "claim", "ransom*", "extort*", "uninsur*"]
        }
    }
}

/// What insurers ask for before they sign (decided: what their questionnaires have in common).
const ASKED_BY_INSURERS: &[&str] = &[
    "mfa",
    "factor",
    "backup",
    "edr",
    "endpoint",
    "patch*",
    "cve",
    "phish*",
    "training",
    "privileged",
    "ransom*",
];

/// Who is called, and why: because of the question, or because of the data that the answer rests on.
pub fn called(understood: &Understood, snapshot: &Snapshot, ranked: &[Ranked<'_>]) -> Vec<CalledExpert> {
    let focus = focus(understood, snapshot, ranked);
    Expert::ALL
        .into_iter()
        .filter_map(|expert| {
            let why = asked_for(expert, understood).or_else(|| touched(expert, &focus))?;
            Some(CalledExpert { name: expert, why })
        })
        .collect()
}

fn asked_for(expert: Expert, understood: &Understood) -> Option<String> {
    let word = understood.words.iter().find(|word| field(expert).iter().any(|keyword| says(keyword, word)));
    let vendor = understood.subjects.iter().any(|subject| matches!(subject, Subject::Vendor(_)));
    match word {
        Some(word) => Some(format!("the question speaks of “{word}”")),
        None if vendor && expert == Expert::ThirdParty => Some("the question names a third party".to_owned()),
        None => None,
    }
}

/// A thing that the answer rests on: what it is, its name, and what is said about it.
type Focus<'a> = (&'static str, &'a str, &'a str);

fn touched(expert: Expert, focus: &[Focus<'_>]) -> Option<String> {
    focus.iter().find_map(|(noun, name, about)| {
        let words: Vec<String> = bare(name).into_iter().chain(bare(about)).collect();
        let keyword = field(expert).iter().find(|keyword| words.iter().any(|word| says(keyword, word)))?;
        let keyword = keyword.trim_end_matches('*');
        Some(format!("the {noun} “{name}”, which the answer rests on, touches “{keyword}”"))
    })
}

/// What the answer rests on: what the question names with what is linked to it; else what comes first.
fn focus<'a>(understood: &Understood, snapshot: &'a Snapshot, ranked: &[Ranked<'a>]) -> Vec<Focus<'a>> {
    let mut focus: Vec<Focus<'a>> = Vec::new();
    for subject in &understood.subjects {
        match subject {
            Subject::Kri(id) => focus.extend(snapshot.kri(*id).map(of_kri)),
            Subject::Risk(id) => add_risk(&mut focus, ranked.iter().find(|ranked| ranked.risk.id == *id)),
            Subject::Outcome(id) => {
                let Some(outcome) = snapshot.outcome(*id) else { continue };
                focus.push(("outcome", outcome.name.as_str(), outcome.about.as_str()));
                let threats = ranked.iter().filter(|ranked| outcome.risk_ids.contains(&ranked.risk.id));
                threats.for_each(|ranked| add_risk(&mut focus, Some(ranked)));
            }
            Subject::Control(id) => {
                let control = snapshot.control(*id);
                focus.extend(control.map(|it| ("control", it.name.as_str(), it.about.as_str())));
            }
            Subject::Vendor(id) => {
                let vendor = snapshot.vendors.iter().find(|vendor| vendor.id == *id);
                focus.extend(vendor.map(|it| ("vendor", it.name.as_str(), it.about.as_str())));
            }
            Subject::Workflow(id) => {
                let run = snapshot.runs.iter().find(|run| run.workflow_id == *id);
                focus.extend(run.map(|it| ("workflow", it.workflow.as_str(), "")));
            }
        }
    }
    if understood.subjects.is_empty() {
        ranked.iter().take(3).for_each(|ranked| add_risk(&mut focus, Some(ranked)));
    }
    focus
}

fn of_kri(kri: &KriLine) -> Focus<'_> {
    ("KRI", kri.name.as_str(), kri.about.as_str())
}

fn add_risk<'a>(focus: &mut Vec<Focus<'a>>, ranked: Option<&Ranked<'a>>) {
    let Some(ranked) = ranked else { return };
    focus.push(("risk", ranked.risk.name.as_str(), ranked.risk.about.as_str()));
    focus.extend(ranked.kris.iter().copied().map(of_kri));
}

/// Whether a topic of the question is a specialist's own, so that what they say belongs into the answer itself.
pub(super) fn leads(expert: Expert, understood: &Understood) -> bool {
    let topic = match expert {
        Expert::Privacy => Topic::Privacy,
        Expert::ThirdParty => Topic::Vendors,
        Expert::CyberInsurance => Topic::Insurance,
    };
    understood.topics.contains(&topic)
}

/// What a specialist has to say.
pub(super) fn speak(page: &mut Page<'_>, expert: Expert, snapshot: &Snapshot) {
    page.line().say(expert.as_str()).say(": ");
    match expert {
        Expert::Privacy => privacy(page, snapshot),
        Expert::ThirdParty => third_party(page, snapshot),
        Expert::CyberInsurance => insurance(page, snapshot),
    }
}

/// How many of a kind a specialist speaks of.
const SPOKEN_OF: usize = 5;

fn privacy(page: &mut Page<'_>, snapshot: &Snapshot) {
    let mut touching: Vec<&KriLine> =
        snapshot.kris.iter().filter(|kri| about(kri, field(Expert::Privacy))).collect();
    touching.sort_by_key(|kri| (std::cmp::Reverse(kri.status), kri.id));
    if touching.is_empty() {
        page.say("no KRI measures how personal data fares, so a loss of it would be seen by accident only. ");
        page.say("Name what holds personal data, and measure it.");
        return;
    }
    let worst = touching.first().map_or(Status::Green, |kri| kri.status);
    for kri in touching.into_iter().take(SPOKEN_OF) {
        line::kri(page, kri);
        page.say(". ");
    }
    page.say(if worst == Status::Red {
        "Find out now whether personal data was reached: the duty to notify runs from when that is known."
    } else {
        "Nothing here says by itself that personal data was reached."
    });
}

fn third_party(page: &mut Page<'_>, snapshot: &Snapshot) {
    let mut vendors: Vec<_> = snapshot.vendors.iter().collect();
    vendors.sort_by_key(|vendor| (std::cmp::Reverse(vendor.criticality), vendor.id));
    if vendors.is_empty() {
        page.say(
            "no third party is on record, so what hangs on whom is not known. Enter the critical ones first.",
        );
        return;
    }
    page.cited(CitedKind::Portfolio, &"all", "vendors").say(" third parties are on record. ");
    let weighty = |criticality| matches!(criticality, Criticality::High | Criticality::Critical);
    for vendor in vendors.iter().filter(|vendor| weighty(vendor.criticality)).take(SPOKEN_OF) {
        line::vendor(page, vendor);
        page.say(" ");
    }
    if !vendors.iter().any(|vendor| weighty(vendor.criticality)) {
        page.say("None of them is held to be of high criticality or more. ");
    }
    page.say("Third parties have no KRIs of their own here: what is said of them is what people entered.");
}

fn insurance(page: &mut Page<'_>, snapshot: &Snapshot) {
    let mut asked: Vec<&KriLine> = snapshot.kris.iter().filter(|kri| about(kri, ASKED_BY_INSURERS)).collect();
    asked.sort_by_key(|kri| (std::cmp::Reverse(kri.status), kri.id));
    if asked.is_empty() {
        page.say("nothing that insurers ask for (a second factor, backups, endpoint protection, patching) is measured.");
    } else {
        page.say("an insurer would ask about these. ");
    }
    for kri in asked.into_iter().take(SPOKEN_OF) {
        line::kri(page, kri);
        page.say(". ");
    }
    for fact in &snapshot.facts {
        let words = bare(fact.key.as_str());
        if words.iter().any(|word| field(Expert::CyberInsurance).iter().any(|keyword| says(keyword, word))) {
            page.say("On record under ").name(fact.key.as_str()).say(": ");
            page.cited(CitedKind::Fact, &fact.key, "value").say(". ");
        }
    }
}

fn about(kri: &KriLine, keywords: &[&str]) -> bool {
    let words = bare(kri.name.as_str()).into_iter().chain(bare(kri.slug.as_str())).chain(bare(&kri.about));
    words.into_iter().any(|word| keywords.iter().any(|keyword| says(keyword, &word)))
}
