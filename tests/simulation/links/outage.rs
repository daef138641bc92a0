//! A network that is away is no service in trouble.

use crate::faults::{Fate, Twist};
use crate::uploads::app::{New, paired};
use crate::world::{MINUTE, SECOND, World};
use fio_c2c::status::FIO_E_CONNECT;
use fio_c2c::upload::UploadState;

/// Parts that were tried in so much time.
fn tried(world: &mut World, span: u64) -> u64 {
    let before = world.network.sent_parts;
    world.run_for(span);
    world.network.sent_parts - before
}

#[test]
fn a_lost_network_is_tried_again_soon_and_less_often_the_longer_it_is_away() {
    let mut world = paired(1);
    world.network.plan_for_parts([(); 2_000].map(|()| (Fate::NeverArrives(FIO_E_CONNECT), Twist::None)));
    let id = world.upload(New::file(50));
    let first = tried(&mut world, 30 * SECOND);
    assert!((7..=40).contains(&first), "{first} in half a minute");
    world.run_for(30 * MINUTE);
    let later = tried(&mut world, 10 * MINUTE);
    assert!((8..=20).contains(&later), "{later} in ten minutes, after half an hour");
    // It is back: at once, if somebody says so.
    world.network.forget_plans();
    let before = world.network.sent_parts;
    world.network_changed();
    assert_eq!(world.network.sent_parts, before + 1);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    world.judge_uploads();
}

#[test]
fn one_answer_brings_everything_back_that_waits_for_the_network() {
    let mut world = paired(2);
    world.network.plan_for_parts([(); 2_000].map(|()| (Fate::NeverArrives(FIO_E_CONNECT), Twist::None)));
    let ids = [50, 60, 70].map(|size| world.upload(New::file(size)));
    world.run_for(20 * MINUTE);
    world.network.forget_plans();
    // The longest pause, and what the parts take.
    world.run_for(2 * MINUTE);
    for id in ids {
        assert_eq!(world.upload_state(id), UploadState::Done);
    }
    world.judge_uploads();
}
