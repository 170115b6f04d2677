//! The whole model of a tenant: which KRI counts for which risk, which risk for which outcome.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::control::ControlState;
use crate::rollup::{KriLine, RiskLine, Severity, Threat, of_outcome, of_risk};
use crate::{ControlId, KriId, OutcomeId, RiskId};

/// Everything of one tenant that is in use. Archived things are left out; a link to one leads nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    /// The KRIs.
    pub kris: Vec<KriLine>,
    /// The risks.
    pub risks: Vec<RiskLine>,
    /// The controls and how well they work.
    pub controls: BTreeMap<ControlId, ControlState>,
    /// The outcomes.
    pub outcomes: BTreeSet<OutcomeId>,
}

/// The levels of everything of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RolledUp {
    /// Each risk's.
    pub risks: BTreeMap<RiskId, Severity>,
    /// Each outcome's.
    pub outcomes: BTreeMap<OutcomeId, Severity>,
    /// KRIs without a link to anything in use: valid and shown, but they roll up to nothing.
    pub unlinked: BTreeSet<KriId>,
}

/// Rolls everything up.
pub fn roll_up(model: &Model) -> RolledUp {
    let links = Links::of(model);
    let risks: BTreeMap<RiskId, Severity> = model
        .risks
        .iter()
        .map(|risk| (risk.id, of_risk(links.measuring(risk.id), &model.holding(risk))))
        .collect();
    let outcomes = model
        .outcomes
        .iter()
        .map(|outcome| {
            let threats: Vec<Threat<'_>> = links
                .threatening(*outcome)
                .filter_map(|risk| {
                    let severity = risks.get(&risk.id)?;
                    Some(Threat { risk, severity, kris: links.measuring(risk.id) })
                })
                .collect();
            (*outcome, of_outcome(&threats, links.standing_for(*outcome)))
        })
        .collect();
    RolledUp { risks, outcomes, unlinked: links.unlinked }
}

impl Model {
    /// The controls of a risk that are in use.
    fn holding(&self, risk: &RiskLine) -> Vec<(ControlId, ControlState)> {
        risk.control_ids
            .iter()
            .filter_map(|id| self.controls.get_key_value(id))
            .map(|(id, s)| (*id, *s))
            .collect()
    }
}

/// The links between things in use, seen from above.
#[derive(Debug, Default)]
struct Links<'a> {
    measuring: BTreeMap<RiskId, Vec<&'a KriLine>>,
    threatening: BTreeMap<OutcomeId, BTreeMap<RiskId, &'a RiskLine>>,
    standing_for: BTreeMap<OutcomeId, Vec<&'a KriLine>>,
    unlinked: BTreeSet<KriId>,
}

impl<'a> Links<'a> {
    /// A risk's outcomes are those it names and those that a KRI measuring it stands for: such a KRI counts through the
    /// risk, so that a closed risk takes it along. A KRI that measures no risk counts for its outcome itself.
    fn of(model: &'a Model) -> Self {
        let mut links = Self::default();
        let risks: BTreeMap<RiskId, &RiskLine> = model.risks.iter().map(|risk| (risk.id, risk)).collect();
        for risk in &model.risks {
            for outcome in risk.outcome_ids.intersection(&model.outcomes) {
                links.threatening.entry(*outcome).or_default().insert(risk.id, risk);
            }
        }
        for kri in &model.kris {
            let outcome = kri.outcome_id.filter(|outcome| model.outcomes.contains(outcome));
            let measured: Vec<&RiskLine> =
                kri.risk_ids.iter().filter_map(|id| risks.get(id).copied()).collect();
            links.add(kri, outcome, &measured);
        }
        links
    }

    fn add(&mut self, kri: &'a KriLine, outcome: Option<OutcomeId>, measured: &[&'a RiskLine]) {
        for risk in measured {
            self.measuring.entry(risk.id).or_default().push(kri);
            if let Some(outcome) = outcome {
                self.threatening.entry(outcome).or_default().insert(risk.id, risk);
            }
        }
        match outcome {
            Some(outcome) if measured.is_empty() => self.standing_for.entry(outcome).or_default().push(kri),
            None if measured.is_empty() => {
                self.unlinked.insert(kri.id);
            }
            Some(_) | None => {}
        }
    }

    fn measuring(&self, risk: RiskId) -> &[&'a KriLine] {
        self.measuring.get(&risk).map(Vec::as_slice).unwrap_or_default()
    }

    fn threatening(&self, outcome: OutcomeId) -> impl Iterator<Item = &'a RiskLine> + '_ {
        self.threatening.get(&outcome).into_iter().flat_map(|risks| risks.values().copied())
    }

    fn standing_for(&self, outcome: OutcomeId) -> &[&'a KriLine] {
        self.standing_for.get(&outcome).map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use ulid::Ulid;

    use super::{Model, RolledUp, roll_up};
    use crate::control::ControlState;
    use crate::kri::Status;
    use crate::risk::RiskStatus;
    use crate::rollup::{Cause, Coverage, KriLine, RiskLine, Severity};
    use crate::{ControlId, KriId, OutcomeId, RiskId};

    fn kri(id: u128, status: Status, risks: &[u128], outcome: Option<u128>) -> KriLine {
        KriLine {
            id: KriId::new(Ulid(id)),
            status,
            stale: false,
            risk_ids: risks.iter().map(|id| RiskId::new(Ulid(*id))).collect(),
            outcome_id: outcome.map(|id| OutcomeId::new(Ulid(id))),
        }
    }

    fn risk(id: u128, status: RiskStatus, controls: &[u128], outcomes: &[u128]) -> RiskLine {
        RiskLine {
            id: RiskId::new(Ulid(id)),
            status,
            control_ids: controls.iter().map(|id| ControlId::new(Ulid(*id))).collect(),
            outcome_ids: outcomes.iter().map(|id| OutcomeId::new(Ulid(*id))).collect(),
        }
    }

    fn model(kris: Vec<KriLine>, risks: Vec<RiskLine>) -> Model {
        let outcomes = (1..=3).map(|id| OutcomeId::new(Ulid(id))).collect();
        Model { kris, risks, outcomes, ..Model::default() }
    }

    fn of_first_risk(model: &Model) -> Severity {
        roll_up(model).risks[&RiskId::new(Ulid(1))].clone()
    }

    fn of_first_outcome(model: &Model) -> Severity {
        roll_up(model).outcomes[&OutcomeId::new(Ulid(1))].clone()
    }

    fn fresh(id: u128, status: Status) -> Cause {
        Cause::Kri { id: KriId::new(Ulid(id)), status, stale: false }
    }

    #[test]
    fn a_risk_is_as_bad_as_its_worst_kri_and_names_it() {
        let kris = vec![
            kri(1, Status::Green, &[1], None),
            kri(2, Status::Red, &[1], None),
            kri(3, Status::Unknown, &[1], None),
        ];
        let severity = of_first_risk(&model(kris, vec![risk(1, RiskStatus::Open, &[], &[])]));
        assert_eq!(severity.status, Status::Red);
        assert_eq!(severity.because, [fresh(2, Status::Red)]);
        assert_eq!((severity.unknown, severity.coverage), (1, Coverage { measured: 2, total: 3 }));
    }

    #[test]
    fn a_stale_green_kri_counts_as_unknown_and_says_so() {
        let stale = KriLine { stale: true, ..kri(1, Status::Green, &[1], None) };
        let healthy = kri(2, Status::Green, &[1], None);
        let severity = of_first_risk(&model(vec![stale, healthy], vec![risk(1, RiskStatus::Open, &[], &[])]));
        assert_eq!(severity.status, Status::Unknown);
        assert_eq!(
            severity.because,
            [Cause::Kri { id: KriId::new(Ulid(1)), status: Status::Green, stale: true }]
        );
        assert_eq!((severity.unknown, severity.coverage), (1, Coverage { measured: 1, total: 2 }));
    }

    #[test]
    fn a_risk_that_nothing_measures_is_unknown() {
        let severity = of_first_risk(&model(Vec::new(), vec![risk(1, RiskStatus::Open, &[], &[])]));
        assert_eq!((severity.status, severity.because), (Status::Unknown, Vec::new()));
    }

    #[test]
    fn an_ineffective_control_raises_one_level_and_is_named() {
        let id = ControlId::new(Ulid(1));
        for (before, after) in
            [(Status::Green, Status::Amber), (Status::Unknown, Status::Amber), (Status::Amber, Status::Red)]
        {
            let mut model =
                model(vec![kri(1, before, &[1], None)], vec![risk(1, RiskStatus::Open, &[1], &[])]);
            for idle in [ControlState::Effective, ControlState::Partial, ControlState::Unknown] {
                model.controls.insert(id, idle);
                assert_eq!(of_first_risk(&model).status, before, "{idle:?}");
            }
            let state = ControlState::Ineffective;
            model.controls.insert(id, state);
            let severity = of_first_risk(&model);
            assert_eq!(severity.status, after);
            assert_eq!(severity.because, [fresh(1, before), Cause::Control { id, state }]);
        }
    }

    #[test]
    fn a_control_that_raised_nothing_is_not_named() {
        let mut model =
            model(vec![kri(1, Status::Red, &[1], None)], vec![risk(1, RiskStatus::Open, &[1], &[])]);
        model.controls.insert(ControlId::new(Ulid(1)), ControlState::Ineffective);
        assert_eq!(of_first_risk(&model).because, [fresh(1, Status::Red)]);
    }

    #[test]
    fn an_outcome_counts_open_and_accepted_risks_only() {
        for status in [RiskStatus::Open, RiskStatus::Accepted] {
            let model = model(vec![kri(1, Status::Red, &[1], None)], vec![risk(1, status, &[], &[1])]);
            let severity = of_first_outcome(&model);
            assert_eq!(severity.because, [Cause::Risk { id: RiskId::new(Ulid(1)), status: Status::Red }]);
        }
        for status in [RiskStatus::Mitigated, RiskStatus::Closed] {
            let model = model(vec![kri(1, Status::Red, &[1], None)], vec![risk(1, status, &[], &[1])]);
            assert_eq!(of_first_outcome(&model).status, Status::Green, "{status:?}");
        }
    }

    #[test]
    fn a_risk_threatens_the_outcome_that_its_kri_stands_for() {
        let kris = vec![kri(1, Status::Amber, &[1], Some(1))];
        let severity = of_first_outcome(&model(kris, vec![risk(1, RiskStatus::Open, &[], &[])]));
        assert_eq!(severity.because, [Cause::Risk { id: RiskId::new(Ulid(1)), status: Status::Amber }]);
        assert_eq!(severity.coverage, Coverage { measured: 1, total: 1 });
    }

    #[test]
    fn a_kri_that_measures_no_risk_counts_for_its_outcome_itself() {
        let severity = of_first_outcome(&model(vec![kri(1, Status::Red, &[9], Some(1))], Vec::new()));
        assert_eq!(severity.because, [fresh(1, Status::Red)]);
    }

    #[test]
    fn an_outcome_without_anything_beneath_is_unknown() {
        let severity = of_first_outcome(&model(Vec::new(), Vec::new()));
        assert_eq!((severity.status, severity.coverage), (Status::Unknown, Coverage::default()));
    }

    #[test]
    fn a_kri_beneath_two_risks_is_covered_once() {
        let kris = vec![kri(1, Status::Green, &[1, 2], None), kri(2, Status::Unknown, &[2], None)];
        let risks = vec![risk(1, RiskStatus::Open, &[], &[1]), risk(2, RiskStatus::Open, &[], &[1])];
        let severity = of_first_outcome(&model(kris, risks));
        assert_eq!(severity.coverage, Coverage { measured: 1, total: 2 });
        assert_eq!(severity.unknown, 1, "one of the two risks");
    }

    #[test]
    fn a_kri_linked_to_nothing_in_use_is_flagged() {
        let kris = vec![
            kri(1, Status::Red, &[], None),
            kri(2, Status::Red, &[9], Some(9)),
            kri(3, Status::Red, &[1], None),
        ];
        let flagged: Vec<KriId> =
            roll_up(&model(kris, vec![risk(1, RiskStatus::Open, &[], &[])])).unlinked.into_iter().collect();
        assert_eq!(flagged, [KriId::new(Ulid(1)), KriId::new(Ulid(2))]);
    }

    fn statuses() -> impl Strategy<Value = Status> {
        prop_oneof![Just(Status::Green), Just(Status::Unknown), Just(Status::Amber), Just(Status::Red)]
    }

    fn ids() -> impl Strategy<Value = Vec<u128>> {
        proptest::collection::vec(1..=4_u128, 0..4)
    }

    fn kris() -> impl Strategy<Value = Vec<KriLine>> {
        let line = (statuses(), any::<bool>(), ids(), proptest::option::of(1..=3_u128));
        proptest::collection::vec(line, 0..8).prop_map(|lines| {
            let numbered = lines.into_iter().zip(1_u128..);
            numbered
                .map(|((status, stale, risks, outcome), id)| KriLine {
                    stale,
                    ..kri(id, status, &risks, outcome)
                })
                .collect()
        })
    }

    fn risks() -> impl Strategy<Value = Vec<RiskLine>> {
        let status = prop_oneof![
            Just(RiskStatus::Open),
            Just(RiskStatus::Accepted),
            Just(RiskStatus::Mitigated),
            Just(RiskStatus::Closed)
        ];
        proptest::collection::vec((status, ids(), ids()), 0..5).prop_map(|lines| {
            let numbered = lines.into_iter().zip(1_u128..);
            numbered
                .map(|((status, controls, outcomes), id)| risk(id, status, &controls, &outcomes))
                .collect()
        })
    }

    fn models() -> impl Strategy<Value = Model> {
        let state = prop_oneof![Just(ControlState::Effective), Just(ControlState::Ineffective)];
        let controls = proptest::collection::btree_map(
            (1..=4_u128).prop_map(|id| ControlId::new(Ulid(id))),
            state,
            0..4,
        );
        (kris(), risks(), controls)
            .prop_map(|(kris, risks, controls)| Model { controls, ..model(kris, risks) })
    }

    fn levels(rolled: &RolledUp) -> Vec<Status> {
        rolled.risks.values().chain(rolled.outcomes.values()).map(|severity| severity.status).collect()
    }

    fn never_greener(before: &Model, after: &Model) -> Result<(), TestCaseError> {
        for (before, after) in levels(&roll_up(before)).into_iter().zip(levels(&roll_up(after))) {
            prop_assert!(after >= before, "{before:?} became {after:?}");
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn nothing_gets_greener_when_a_fresh_value_turns_stale(model in models(), which: prop::sample::Index) {
            prop_assume!(!model.kris.is_empty());
            let (mut before, mut after) = (model.clone(), model);
            let index = which.index(before.kris.len());
            before.kris[index].stale = false;
            after.kris[index].stale = true;
            never_greener(&before, &after)?;
        }

        #[test]
        fn nothing_gets_greener_when_a_kri_gets_worse(
            model in models(), which: prop::sample::Index, one in statuses(), other in statuses()
        ) {
            prop_assume!(!model.kris.is_empty());
            let (mut better, mut worse) = (model.clone(), model);
            let index = which.index(better.kris.len());
            better.kris[index].status = one.min(other);
            worse.kris[index].status = one.max(other);
            never_greener(&better, &worse)?;
        }

        #[test]
        fn what_is_stale_or_unknown_is_never_healthy_above(model in models()) {
            let rolled = roll_up(&model);
            for kri in model.kris.iter().filter(|kri| !kri.measured()) {
                for risk in kri.risk_ids.iter().filter_map(|id| rolled.risks.get(id)) {
                    prop_assert!(risk.status > Status::Green);
                }
            }
        }

        #[test]
        fn a_bad_level_is_another_one_without_what_it_names(mut model in models()) {
            model.controls.clear();
            for (id, severity) in roll_up(&model).risks {
                let named: BTreeSet<KriId> = severity.because.iter().filter_map(|cause| match cause {
                    Cause::Kri { id, .. } => Some(*id),
                    Cause::Risk { .. } | Cause::Control { .. } => None,
                }).collect();
                prop_assert_eq!(named.len(), severity.because.len());
                if severity.status.level().is_some() {
                    let mut without = model.clone();
                    without.kris.retain(|kri| !named.contains(&kri.id));
                    prop_assert!(roll_up(&without).risks[&id].status < severity.status);
                }
            }
        }

        #[test]
        fn the_order_of_the_lines_changes_no_level(model in models()) {
            let mut turned = model.clone();
            turned.kris.reverse();
            turned.risks.reverse();
            prop_assert_eq!(levels(&roll_up(&model)), levels(&roll_up(&turned)));
        }
    }
}
