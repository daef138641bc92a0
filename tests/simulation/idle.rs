//! An engine with nothing to do sleeps: it asks for no tick, sends nothing and writes nothing.

use crate::service::Rules;
use crate::world::{MINUTE, World};
use fio_c2c::engine::Operation;
use fio_c2c::status::FIO_OK;

/// Watches the device for ten minutes.
fn sleeps(world: &mut World) {
    let (end, sent, writes) = (world.time + 10 * MINUTE, world.network.sent, world.disk.writes());
    while world.time < end {
        assert!(world.on().deadline().is_none_or(|at| at > end), "asks to be woken");
        assert!(!world.on().engine.has_output());
        world.run_for(1_000);
    }
    // Being woken for nothing does not set anything off.
    world.tick();
    assert_eq!((world.network.sent, world.disk.writes(), world.notices.len()), (sent, writes, 0));
}

#[test]
fn an_unpaired_device_never_asks_to_be_woken() {
    let mut world = World::new(1, Rules::default());
    assert_eq!(world.on().deadline(), None);
    sleeps(&mut world);
    assert_eq!(world.on().deadline(), None);
}

#[test]
fn a_code_that_nobody_polls_for_wakes_nobody() {
    let mut world = World::new(1, Rules::default());
    assert_eq!(world.run(Operation::RequestCode), FIO_OK);
    world.notices.clear();
    assert_eq!(world.on().deadline(), None);
    sleeps(&mut world);
}

#[test]
fn a_paired_device_sleeps_until_its_next_refresh() {
    let mut world = World::new(1, Rules::default());
    world.pair();
    sleeps(&mut world);
}

#[test]
fn a_device_that_was_revoked_has_nothing_left_to_do() {
    let mut world = World::new(1, Rules::default());
    world.pair();
    assert_eq!(world.run(Operation::Revoke), FIO_OK);
    world.notices.clear();
    assert_eq!(world.on().deadline(), None);
    sleeps(&mut world);
}
