//! Going on after a cut with what is missing.

use crate::checklist::event::{Answered, Asked, Deed, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::{Question, Rule};
use crate::endpoint::Endpoint;

pub static RESUME: Row = Row {
    name: "resume_from_last_part",
    numbers: &[29],
    requirement: "After a cut an upload goes on with the parts that are missing, in the asset it has.",
    reference: "protocol 7; integrator checklist, resume",
    question: None,
};
pub static SURVIVES: Row = Row {
    name: "queue_survives_network_loss",
    numbers: &[24],
    requirement: "An upload that lost the network in the middle is finished when the network is back.",
    reference: "protocol 6; integrator checklist, queue",
    question: None,
};

const MOST_ASSETS: usize = 2_000;
const HIGHEST_PART: usize = 10_000;
/// What was confirmed only just before a cut, a device may not have written down before the power went.
const JUST_BEFORE: u32 = 3;
/// Later than this after the cut, a new asset may be another file of the same name and size.
const SOON: u32 = 600;

pub struct Resume {
    assets: Recent<String, Asset>,
    /// The newest asset of each file.
    files: Recent<String, String>,
}

struct Asset {
    device: String,
    file: Option<String>,
    /// By part number: the second of its confirmation, plus one.
    confirmed: Vec<u32>,
    /// The last time anything happened to it.
    active: u32,
    cut: Option<Cut>,
    /// The service or the storage said no: the device may start over.
    refused: bool,
    began_again: bool,
}

#[derive(Clone, Copy)]
struct Cut {
    seq: u64,
    second: u32,
    /// Of the network, and not a server's refusal for now.
    lost: bool,
}

impl Default for Resume {
    fn default() -> Self {
        Self { assets: Recent::new(MOST_ASSETS), files: Recent::new(2 * MOST_ASSETS) }
    }
}

fn second(moment: Moment) -> u32 {
    u32::try_from(moment.clock.as_secs()).unwrap_or(u32::MAX)
}

/// When a request came to its end, without what a test added to the clock meanwhile: a connection that died before
/// may be noticed only then.
fn end_of(answered: &Answered<'_>) -> Moment {
    let asked = answered.asked.at;
    Moment { clock: asked.clock + answered.at.really_since(asked), moved: asked.moved }
}

impl Asset {
    fn confirmed_at(&self, part: u32) -> Option<u32> {
        self.confirmed.get(part as usize).copied().and_then(|second| second.checked_sub(1))
    }

    fn confirm(&mut self, part: u32, second: u32) {
        let part = part as usize;
        if part > HIGHEST_PART {
            return;
        }
        if self.confirmed.len() <= part {
            self.confirmed.resize(part + 1, 0);
        }
        // What comes again was there before.
        if self.confirmed[part] == 0 {
            self.confirmed[part] = second.saturating_add(1);
        }
    }

    /// Whether a part was confirmed well before everything stopped.
    fn has_something(&self) -> bool {
        let last = self.cut.map_or(self.active, |cut| cut.second);
        self.confirmed.iter().any(|second| *second > 0 && second - 1 + JUST_BEFORE <= last)
    }
}

impl Resume {
    fn part(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let (Some(id), Some(part)) = (&asked.asset, asked.part) else { return };
        let Some(asset) = self.assets.get_mut(id) else { return };
        if let Some(confirmed) = asset.confirmed_at(part) {
            let stopped = asset.cut.map_or(asset.active, |cut| cut.second);
            if !asset.refused && confirmed + JUST_BEFORE <= stopped {
                asset.began_again = true;
                let why = format!(
                    "Part {part} was confirmed {} s before the upload stopped, and is sent again.",
                    stopped - confirmed
                );
                let requests: Vec<u64> = asset.cut.iter().map(|cut| cut.seq).chain([asked.seq]).collect();
                ledger.broken(&RESUME, Some(&asset.device), why, &requests);
            }
        }
        asset.active = second(asked.at);
    }

    fn part_over(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        let (Some(id), Some(part)) = (&asked.asset, asked.part) else { return };
        let Some(asset) = self.assets.get_mut(id) else { return };
        let now = second(answered.at);
        asset.active = now;
        if answered.succeeded() {
            if answered.is_certain() {
                asset.confirm(part, now);
            }
        } else if answered.is_passing_failure() {
            asset.cut =
                Some(Cut { seq: asked.seq, second: second(end_of(answered)), lost: answered.is_lost() });
        } else {
            asset.refused = true;
        }
        if answered.told.completed {
            let cut = asset.cut.filter(|_| !asset.began_again);
            if cut.is_some_and(|cut| cut.lost) {
                ledger.kept(&SURVIVES, Some(&asset.device));
            }
            if cut.is_some() && asset.confirmed.iter().filter(|second| **second > 0).count() > 1 {
                ledger.kept(&RESUME, Some(&asset.device));
            }
            self.assets.remove(id);
        }
    }

    fn created(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let asked = answered.asked;
        let (Some(device), Some(id), Some(creation)) =
            (&asked.device, &answered.told.created, &asked.creation)
        else {
            return;
        };
        // A recording has no size yet, and often no name: nothing tells that it is the same again.
        let file = (!creation.realtime).then(|| format!("{device} {} {}", creation.file, creation.filetype));
        let before = file.as_ref().and_then(|file| self.files.get(file)).and_then(|id| self.assets.get(id));
        if let Some((before, cut)) = before.and_then(|before| Some((before, before.cut?))) {
            let is_soon = second(answered.at).saturating_sub(cut.second) <= SOON;
            if !before.refused && is_soon && before.has_something() {
                let why = "An upload of that file was cut with parts confirmed, and it starts over with another asset.";
                ledger.broken(&RESUME, Some(device), why.into(), &[cut.seq, asked.seq]);
            }
        }
        if let Some(file) = &file {
            self.files.insert(file.clone(), id.clone());
        }
        let (confirmed, active, cut) = (Vec::new(), second(answered.at), None);
        let (refused, began_again) = (false, false);
        let asset = Asset { device: device.clone(), file, confirmed, active, cut, refused, began_again };
        self.assets.insert(id.clone(), asset);
    }

    fn forget(&mut self, device: &str, name: Option<&str>) {
        self.assets.retain(|_, asset| {
            let is_it = |name: &str| {
                asset.file.as_ref().is_none_or(|file| file.starts_with(&format!("{device} {name} ")))
            };
            asset.device != device || !name.is_none_or(is_it)
        });
    }
}

impl Rule for Resume {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&RESUME, &SURVIVES]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is(Endpoint::Part) => self.part(asked, ledger),
            Event::Answered(answered) if answered.asked.is(Endpoint::Part) => {
                self.part_over(answered, ledger)
            }
            Event::Answered(answered) if answered.asked.is(Endpoint::Asset) => self.created(answered, ledger),
            // Any other refusal about the asset is a reason to start over as well.
            Event::Answered(answered) if !answered.is_passing_failure() && !answered.succeeded() => {
                if let Some(asset) = answered.asked.asset.as_ref().and_then(|id| self.assets.get_mut(id)) {
                    asset.refused = true;
                }
            }
            Event::Deed { device, deed, .. } => match deed {
                Deed::UploadCanceled { name } => self.forget(device, name.as_deref()),
                Deed::Disconnected | Deed::MovedToProject => self.forget(device, None),
                _ => {}
            },
            _ => {}
        }
    }

    fn may_ask(&self) -> Vec<&'static Row> {
        vec![&SURVIVES]
    }

    fn questions(&self) -> Vec<Question> {
        let open = self.assets.iter().filter(|(_, asset)| asset.cut.is_some_and(|cut| cut.lost));
        let open = open.map(|(id, asset)| Question {
            row: &SURVIVES,
            device: asset.device.clone(),
            text: format!(
                "The upload {id} was cut and has not been finished: was it canceled at the device?"
            ),
        });
        open.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::{Creation, Told};
    use crate::checklist::row::Status;

    fn create<'b>(bench: &'b mut Bench, id: &str) -> &'b mut Bench {
        let creation =
            Creation { file: "A.mov 7".into(), filetype: "video/quicktime".into(), ..Creation::default() };
        let told = Told { created: Some(id.into()), ..told() };
        bench.call(Endpoint::Asset, |asked| asked.creation = Some(creation)).answer(200, told)
    }

    fn put<'b>(bench: &'b mut Bench, id: &str, part: u32) -> &'b mut Bench {
        bench.call(Endpoint::Part, |asked| (asked.asset, asked.part) = (Some(id.into()), Some(part)))
    }

    fn last() -> Told {
        Told { completed: true, ..told() }
    }

    fn cut_after_two_parts() -> Bench {
        let mut bench = Bench::new(Resume::default());
        create(&mut bench, "a");
        put(&mut bench, "a", 1).answer(200, told());
        put(bench.wait(10.0), "a", 2).answer(200, told());
        put(bench.wait(10.0), "a", 3).swallowed("reset", told());
        bench
    }

    #[test]
    fn going_on_is_right() {
        let mut bench = cut_after_two_parts();
        assert_eq!(bench.questions().len(), 1);
        put(bench.wait(5.0), "a", 3).answer(200, last());
        assert_eq!((bench.status(&RESUME), bench.status(&SURVIVES)), (Status::Fulfilled, Status::Fulfilled));
        assert_eq!(bench.questions(), []);
    }

    #[test]
    fn sending_it_all_again_is_wrong() {
        let mut bench = cut_after_two_parts();
        put(bench.wait(5.0), "a", 1).answer(200, told());
        assert_eq!(bench.breach(&RESUME).requests, [4, 5]);
    }

    #[test]
    fn starting_over_is_wrong_unless_there_is_a_reason() {
        let mut bench = cut_after_two_parts();
        create(&mut bench, "b");
        assert_eq!(bench.breach(&RESUME).requests, [4, 5]);
        let reasons: [fn(&mut Bench) -> &mut Bench; 4] = [
            |bench| put(bench, "a", 3).answer(403, told()),
            |bench| bench.deed(Deed::UploadCanceled { name: Some("A.mov".into()) }),
            |bench| bench.deed(Deed::Disconnected),
            |bench| bench.wait(3_600.0),
        ];
        for reason in reasons {
            let mut bench = cut_after_two_parts();
            reason(&mut bench);
            create(&mut bench, "b");
            assert_ne!(bench.status(&RESUME), Status::Broken);
        }
    }

    #[test]
    fn what_was_not_yet_written_down_when_the_power_went_may_come_again() {
        let mut bench = Bench::new(Resume::default());
        create(&mut bench, "a");
        put(&mut bench, "a", 1).answer(200, told());
        put(bench.wait(10.0), "a", 2).answer(200, told());
        put(bench.wait(1.0), "a", 3).swallowed("gone", told());
        put(bench.wait(60.0), "a", 2).answer(200, told());
        put(&mut bench, "a", 3).answer(200, last());
        assert_eq!(bench.status(&RESUME), Status::Fulfilled);
    }

    #[test]
    fn a_clock_that_is_moved_right_after_a_cut_does_not_make_it_late() {
        let mut bench = Bench::new(Resume::default());
        create(&mut bench, "a");
        let cut = put(&mut bench, "a", 2).open();
        put(&mut bench, "a", 1).answer(200, told());
        bench.advance(300.0).finish(&cut, None, Some("gone"), 0, told());
        put(bench.wait(1.0), "a", 1).answer(200, told());
        put(&mut bench, "a", 2).answer(200, last());
        assert_eq!(bench.status(&RESUME), Status::Fulfilled);
    }
}
