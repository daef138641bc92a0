//! How much a part costs does not depend on how many uploads are queued.

use super::app::paired;
use crate::content::Contents;
use crate::world::MINUTE;
use fio_c2c::upload::{SourceSpec, UploadId, UploadSpec, UploadState};

struct Cost {
    loads: u64,
    writes: u64,
    ticks: u64,
}

/// What one file of ten parts costs while so many others wait behind it.
fn cost_with(queued: u64) -> Cost {
    let mut world = paired(6);
    world.pause_queue(true);
    world.card.create(b"/card/shared", Contents::new(1, 50), 1_800_000_000);
    let spec = |priority, media_type: &str| UploadSpec {
        source: SourceSpec::Path(b"/card/shared".to_vec()),
        media_type: Some(media_type.to_owned()),
        priority,
        ..UploadSpec::default()
    };
    // Of these nobody keeps track: none of them gets its turn.
    for _ in 0..queued {
        world.ask_uploads(|uploads, cx| uploads.add(cx, spec(-1, "video/x-waits"))).expect("it is taken");
    }
    while world.on().engine.next_notice().is_some() {}
    let id: UploadId = world.upload(super::app::New::file(1000));
    for other in world.ask(|engine, _| engine.uploads().queue().ids()) {
        if other != id {
            world.ask_uploads(|uploads, cx| uploads.pause(cx, other)).expect("it is not over");
        }
    }
    while world.on().engine.next_notice().is_some() {}
    let before = (world.disk.loads(), world.disk.writes());
    world.pause_queue(false);
    let mut ticks = 0;
    while !world.upload_state(id).is_over() {
        world.run_for(20);
        ticks += 1;
        assert!(ticks < 5 * MINUTE);
    }
    assert_eq!(world.upload_state(id), UploadState::Done);
    Cost { loads: world.disk.loads() - before.0, writes: world.disk.writes() - before.1, ticks }
}

#[test]
fn a_part_costs_the_same_with_ten_and_with_a_hundred_thousand_in_the_queue() {
    let few = cost_with(10);
    for queued in [1_000, 100_000] {
        let many = cost_with(queued);
        assert_eq!((many.loads, many.writes, many.ticks), (few.loads, few.writes, few.ticks), "{queued}");
    }
    // One write for each part begun or arrived, and a few for the asset and the end.
    assert!(few.loads == 0 && few.writes <= 2 * 10 + 6, "{} loads, {} writes", few.loads, few.writes);
}
