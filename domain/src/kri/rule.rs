//! The rules of a KRI: one definition at a time, edits on the current version, nothing after archiving.

use serde::{Deserialize, Serialize};

use crate::kri::standing::Judged;
use crate::kri::{
    Closing, Episodes, KriArchived, KriBody, KriCommand, KriDefined, KriEdited, KriEvent, Rescheduled,
    RiskLinked, Standing, ToldValues, Window,
};
use crate::source::Schedule;
use crate::{Claim, KriId, Moment, Rejection, RiskId, Sequence};

/// A KRI as its events have made it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub enum Kri {
    /// No event yet: there is no such KRI.
    #[default]
    Absent,
    /// Defined.
    Present(Box<KriState>),
}

/// A defined KRI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KriState {
    /// Its id.
    pub id: KriId,
    /// Counts definitions from 1, links included and values not; the `ETag`.
    pub version: u64,
    /// What it is.
    pub body: KriBody,
    /// How often its source is read, where it has one.
    pub schedule: Option<Schedule>,
    /// Whether it is out of use.
    pub archived: bool,
    /// The place of its last event, from which breach ids are computed.
    pub sequence: Sequence,
    /// Its latest values.
    pub window: Window,
    /// What was told last of its value. A snapshot of before this was kept knows of nothing.
    #[serde(default)]
    pub told: ToldValues,
    /// How it stands.
    pub standing: Standing,
    /// Its breaches.
    pub episodes: Episodes,
}

impl Kri {
    /// The version an edit must name; 0 where there is none.
    pub fn version(&self) -> u64 {
        match self {
            Self::Absent => 0,
            Self::Present(state) => state.version,
        }
    }

    /// What claims of KRI slugs are called.
    pub const SLUG_CLAIM: &'static str = "kri_slug";

    /// The state, where the KRI exists and is not archived.
    pub fn in_use(&self) -> Option<&KriState> {
        match self {
            Self::Present(state) if !state.archived => Some(state),
            Self::Present(_) | Self::Absent => None,
        }
    }

    fn decide(&self, command: KriCommand, moment: &Moment) -> Result<Vec<KriEvent>, Rejection> {
        match (self, command) {
            (Self::Absent, KriCommand::Define { id, body, schedule }) => {
                body.check()?;
                let body = body.without_reason();
                let schedule = schedule.filter(|_| body.source_id.is_some());
                Ok(vec![KriEvent::Defined(Box::new(KriDefined { id, body, schedule }))])
            }
            (Self::Present(_), KriCommand::Define { .. }) => Ok(Vec::new()),
            (Self::Absent, _) => Err(Rejection::NotFound { noun: "kri" }),
            (Self::Present(state), KriCommand::Archive | KriCommand::MarkStale) if state.archived => {
                Ok(Vec::new())
            }
            (Self::Present(state), _) if state.archived => Err(Rejection::conflict(
                "kri.archived",
                "the KRI is archived and read-only; define another one",
            )),
            (Self::Present(state), command) => state.decide(command, moment),
        }
    }

    fn evolve(&mut self, event: KriEvent) {
        match (self, event) {
            (this, KriEvent::Defined(defined)) => *this = Self::Present(Box::new(KriState::new(*defined))),
            (Self::Present(state), event) => state.evolve(event),
            (Self::Absent, _) => {}
        }
    }
}

impl KriState {
    fn new(defined: KriDefined) -> Self {
        Self {
            id: defined.id,
            version: 1,
            body: defined.body,
            schedule: defined.schedule,
            archived: false,
            sequence: Sequence::START.next(),
            window: Window::default(),
            told: ToldValues::default(),
            standing: Standing { version: 1, ..Standing::default() },
            episodes: Episodes::default(),
        }
    }

    fn decide(&self, command: KriCommand, moment: &Moment) -> Result<Vec<KriEvent>, Rejection> {
        match command {
            KriCommand::Define { .. } => Ok(Vec::new()),
            KriCommand::Edit { body, schedule } => self.edit(*body, schedule, moment),
            KriCommand::Archive => self.archive(moment),
            KriCommand::LinkRisk(risk_id) => self.link(risk_id, moment),
            KriCommand::UnlinkRisk(risk_id) => self.unlink(risk_id, moment),
            KriCommand::Reschedule(schedule) => Ok(self.reschedule(schedule, moment)),
            KriCommand::RecordReading(new) => self.record(new, moment),
            KriCommand::Adjust(adjustment) => self.adjust(adjustment, moment),
            KriCommand::Correct { reading, past, to } => self.correct(reading, past, to, moment),
            KriCommand::MarkStale => Ok(self.mark_stale(moment)),
            KriCommand::CloseBreach { event_id, effective_at } => {
                Ok(self.close_by_event(event_id, effective_at, moment))
            }
            KriCommand::Breach { id, command } => self.decide_breach(id, command, moment),
        }
    }

    /// An edit judges the value at once by the new thresholds (product.md section 3), in the same commit.
    fn edit(
        &self,
        body: KriBody,
        schedule: Option<Schedule>,
        moment: &Moment,
    ) -> Result<Vec<KriEvent>, Rejection> {
        moment.must_match(self.version)?;
        body.check()?;
        let body = body.without_reason();
        if body.slug != self.body.slug {
            return Err(Rejection::invalid(
                "kri.slug_fixed",
                "/slug",
                "must stay as it is: it is the contract with the connector; archive this KRI and define another one",
            ));
        }
        if body == self.body {
            return Ok(self.reschedule(schedule, moment));
        }
        let schedule = schedule.filter(|_| body.source_id.is_some());
        let version = self.version.saturating_add(1);
        let after = Judged { window: &self.window, body: &body, version };
        let standing = self.standing_after(after, schedule, moment.now);
        let shifted = self.shifted(after, moment.now);
        let edited = KriEvent::Edited(Box::new(KriEdited { version, body, schedule, standing }));
        Ok(std::iter::once(edited).chain(shifted).collect())
    }

    fn archive(&self, moment: &Moment) -> Result<Vec<KriEvent>, Rejection> {
        moment.must_match(self.version)?;
        let archived = KriEvent::Archived(KriArchived { slug: self.body.slug.clone() });
        Ok(self
            .closed(Closing::Archived, self.window.value(), moment.now)
            .into_iter()
            .chain([archived])
            .collect())
    }

    fn link(&self, risk_id: RiskId, moment: &Moment) -> Result<Vec<KriEvent>, Rejection> {
        if self.body.risk_ids.contains(&risk_id) {
            return Ok(Vec::new());
        }
        moment.must_match(self.version)?;
        KriBody::check_risks(self.body.risk_ids.len().saturating_add(1))?;
        let version = self.version.saturating_add(1);
        Ok(vec![KriEvent::RiskLinked(RiskLinked { version, risk_id })])
    }

    fn unlink(&self, risk_id: RiskId, moment: &Moment) -> Result<Vec<KriEvent>, Rejection> {
        if !self.body.risk_ids.contains(&risk_id) {
            return Ok(Vec::new());
        }
        moment.must_match(self.version)?;
        let version = self.version.saturating_add(1);
        Ok(vec![KriEvent::RiskUnlinked(RiskLinked { version, risk_id })])
    }

    fn reschedule(&self, schedule: Option<Schedule>, moment: &Moment) -> Vec<KriEvent> {
        let schedule = schedule.filter(|_| self.body.source_id.is_some());
        if schedule == self.schedule {
            return Vec::new();
        }
        let standing = self.standing_after(self.judged(&self.window), schedule, moment.now);
        vec![KriEvent::Rescheduled(Rescheduled { schedule, standing })]
    }

    pub(super) fn evolve(&mut self, event: KriEvent) {
        self.sequence = self.sequence.next();
        match event {
            KriEvent::Defined(_) | KriEvent::BreachCommented(_) => {}
            KriEvent::Edited(edited) => {
                self.version = edited.version;
                self.body = edited.body;
                self.schedule = edited.schedule;
                self.standing = edited.standing;
            }
            KriEvent::RiskLinked(linked) => {
                self.version = linked.version;
                self.body.risk_ids.insert(linked.risk_id);
            }
            KriEvent::RiskUnlinked(unlinked) => {
                self.version = unlinked.version;
                self.body.risk_ids.remove(&unlinked.risk_id);
            }
            KriEvent::Rescheduled(rescheduled) => {
                self.schedule = rescheduled.schedule;
                self.standing = rescheduled.standing;
            }
            KriEvent::Archived(_) => self.archived = true,
            KriEvent::ValueRecorded(recorded) => {
                self.window.record(recorded.reading(self.sequence));
                self.told.tell(self.sequence, recorded.standing.value);
                self.standing = recorded.standing;
            }
            KriEvent::ValueAdjusted(adjusted) => {
                self.window.adjust(adjusted.adjustment);
                self.told.tell(self.sequence, adjusted.standing.value);
                self.standing = adjusted.standing;
            }
            KriEvent::ValueCorrected(corrected) => {
                self.window.correct(corrected.reading, corrected.value);
                self.told.tell(self.sequence, corrected.standing.value);
                self.standing = corrected.standing;
            }
            KriEvent::WentStale(stale) => self.standing = stale.standing,
            KriEvent::BreachOpened(opened) => self.episodes.begin(&opened),
            KriEvent::BreachClosed(closed) => self.episodes.end(&closed),
            KriEvent::BreachRaised(shifted) => self.episodes.amend(|open| {
                open.level = shifted.level;
                open.snoozed_until = None;
            }),
            KriEvent::BreachLowered(shifted) => self.episodes.amend(|open| open.level = shifted.level),
            KriEvent::BreachAcknowledged(_) => self.episodes.amend(|open| open.acknowledged = true),
            KriEvent::BreachAssigned(assigned) => self.episodes.amend(|open| open.owner = assigned.owner),
            KriEvent::BreachSnoozed(snoozed) => {
                self.episodes.amend(|open| open.snoozed_until = Some(snoozed.until));
            }
            KriEvent::BreachWoken(_) => self.episodes.amend(|open| open.snoozed_until = None),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most events claim nothing")]
fn claims(event: &KriEvent) -> Vec<Claim> {
    match event {
        KriEvent::Defined(defined) => vec![Claim::take(Kri::SLUG_CLAIM, defined.body.slug.as_str())],
        KriEvent::Archived(archived) => vec![Claim::release(Kri::SLUG_CLAIM, archived.slug.as_str())],
        _ => Vec::new(),
    }
}

aggregate!(Kri, "kri", KriCommand, KriEvent, claims);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ulid::Ulid;

    use crate::kri::given::{Given, body, code, moment, names, pointers, q, source};
    use crate::kri::{Direction, Flapping, Kri, KriBody, KriCommand, Observations};
    use crate::source::Schedule;
    use crate::{Claim, KriId, KriSlug, Name, Rejection, RiskId, Root};

    fn define(body: KriBody) -> KriCommand {
        KriCommand::Define { id: KriId::new(Ulid(1)), body: Box::new(body), schedule: Some(Schedule::Daily) }
    }

    fn edit(body: KriBody) -> KriCommand {
        KriCommand::Edit { body: Box::new(body), schedule: Some(Schedule::Hourly) }
    }

    fn renamed() -> KriBody {
        KriBody { name: Name::parse("Systems without patches").unwrap(), ..body("") }
    }

    #[test]
    fn a_definition_takes_the_slug_and_archiving_gives_it_back() {
        let mut kri = Given::kri("");
        assert_eq!(Kri::claims(&kri.events[0]), [Claim::take("kri_slug", "unpatched")]);
        let archived = kri.when(1, KriCommand::Archive);
        assert_eq!(Kri::claims(&archived[0]), [Claim::release("kri_slug", "unpatched")]);
        assert_eq!(kri.asked(2, KriCommand::Archive), Ok(Vec::new()));
        assert_eq!(kri.asked(2, KriCommand::MarkStale), Ok(Vec::new()));
        assert_eq!(code(kri.asked(2, edit(renamed()))), "kri.archived");
    }

    #[test]
    fn an_edit_is_made_on_the_current_version() {
        let mut kri = Given::kri("");
        kri.reads(1, 3);
        assert_eq!(kri.state().version, 1, "values are no edits");
        assert_eq!(names(&kri.when(2, edit(renamed()))), ["kri.edited"]);
        assert_eq!(kri.when(3, edit(renamed())), Vec::new(), "what already holds is nothing new");
        let mut stale = moment(4);
        stale.expected_version = Some(1);
        assert_eq!(Root::decide(&kri.kri, edit(body("")), &stale), Err(Rejection::Stale { current: 2 }));
        assert_eq!(Root::decide(&kri.kri, KriCommand::Archive, &stale), Err(Rejection::Stale { current: 2 }));
    }

    #[test]
    fn the_reason_of_an_edit_is_no_part_of_what_the_kri_is() {
        let kri = Given::kri("");
        assert_eq!(kri.asked(1, edit(body(r#","reason":"as before""#))), Ok(Vec::new()));
    }

    #[test]
    fn inverted_thresholds_are_refused_at_both_places() {
        let absent = Kri::default();
        let inverted = KriBody { warn: q(30), ..body("") };
        let refused = Root::decide(&absent, define(inverted.clone()), &moment(0));
        assert_eq!(code(refused.clone()), "kri.thresholds_inverted");
        assert_eq!(pointers(refused), ["/warn", "/critical"]);
        assert_eq!(pointers(Given::kri("").asked(1, edit(inverted))), ["/warn", "/critical"]);
        let turned = KriBody { direction: Direction::LowerIsWorse, ..body("") };
        assert_eq!(code(Root::decide(&absent, define(turned), &moment(0))), "kri.thresholds_inverted");
    }

    #[test]
    fn recovery_lies_on_the_healthy_side_of_warn() {
        let flapping = Flapping { recovery: Some(q(10)), ..Flapping::default() };
        let refused = Root::decide(&Kri::default(), define(KriBody { flapping, ..body("") }), &moment(0));
        assert_eq!(pointers(refused), ["/flapping/recovery"]);
    }

    #[test]
    fn the_slug_stays() {
        let other = KriBody { slug: KriSlug::parse("other").unwrap(), ..body("") };
        assert_eq!(pointers(Given::kri("").asked(1, edit(other))), ["/slug"]);
    }

    #[test]
    fn links_are_made_and_undone_once() {
        let mut kri = Given::kri("");
        let risk = RiskId::new(Ulid(4));
        assert_eq!(names(&kri.when(1, KriCommand::LinkRisk(risk))), ["kri.risk_linked"]);
        assert_eq!(kri.when(2, KriCommand::LinkRisk(risk)), Vec::new());
        assert_eq!(kri.state().version, 2, "an edit from before the link would undo it");
        assert_eq!(names(&kri.when(3, KriCommand::UnlinkRisk(risk))), ["kri.risk_unlinked"]);
        assert_eq!(kri.when(4, KriCommand::UnlinkRisk(risk)), Vec::new());
    }

    #[test]
    fn a_kri_has_a_bounded_number_of_links() {
        let mut kri = Given::kri("");
        for n in 1..=50 {
            kri.when(1, KriCommand::LinkRisk(RiskId::new(Ulid(n))));
        }
        assert_eq!(pointers(kri.asked(2, KriCommand::LinkRisk(RiskId::new(Ulid(51))))), ["/riskIds"]);
    }

    #[test]
    fn without_a_source_there_is_no_schedule() {
        let manual = KriBody { source_id: None, ..body("") };
        let mut kri = Given::kri("");
        assert_eq!(kri.state().schedule, Some(Schedule::Hourly));
        kri.when(1, edit(manual));
        assert_eq!(kri.state().schedule, None);
    }

    #[test]
    fn the_body_is_read_straight_from_the_wire() {
        let read = |text: &str| serde_json::from_str::<KriBody>(text);
        let fields =
            r#""slug":"s","name":"n","unit":"%","direction":"lower_is_worse","warn":"95.5","critical":80"#;
        assert!(read(&format!("{{{fields}}}")).is_ok());
        assert!(read(&format!(r#"{{{fields},"colour":"blue"}}"#)).is_err(), "unknown fields are refused");
        assert!(read(&format!(r#"{{{fields},"flapping":{{"openAfter":11}}}}"#)).is_err());
        assert!(read(&fields.replace(r#""direction":"lower_is_worse","#, "")).is_err());
        assert!(Observations::try_new(0).is_err());
        assert_eq!(body("").source_id, Some(source()));
    }

    #[test]
    fn an_unknown_kri_is_not_found_whatever_is_asked() {
        for command in [edit(body("")), KriCommand::Archive, KriCommand::MarkStale] {
            assert_eq!(code(Root::decide(&Kri::default(), command, &moment(0))), "kri");
        }
    }

    proptest! {
        #[test]
        fn a_kri_read_back_from_its_snapshot_is_the_same(values in proptest::collection::vec(0..30_i64, 0..30)) {
            let mut kri = Given::kri("");
            for (minute, value) in (0_i64..).zip(values) {
                kri.reads(minute, value);
            }
            let snapshot = serde_json::to_string(&kri.kri).unwrap();
            prop_assert_eq!(serde_json::from_str::<Kri>(&snapshot).unwrap(), kri.kri);
        }
    }
}
