//! Heartbeats keep their distance, over restarts and whatever the clock says; and what is known of the device
//! without asking anybody.

use crate::service::Rules;
use crate::world::{DAY, HOUR, MINUTE, SECOND, World};
use fio_c2c::engine::Operation;
use fio_c2c::engine::effects::Event;
use fio_c2c::status::*;
use std::time::Duration;

fn paired() -> World {
    let mut world = World::new(5, Rules::default());
    world.pair();
    world
}

/// A device that has just sent a heartbeat.
fn online() -> World {
    let mut world = paired();
    world.set_online(true);
    while world.service.visits.heartbeats == 0 {
        world.run_for(SECOND);
    }
    world.run_for(SECOND);
    world
}

/// The shortest time between two heartbeats, as the service saw them.
fn shortest_pause(world: &World) -> u64 {
    world.service.visits.heartbeat_times.windows(2).map(|two| two[1] - two[0]).min().unwrap_or(u64::MAX)
}

#[test]
fn heartbeats_keep_their_distance_over_restarts() {
    for by_cut in [false, true] {
        for pause in [0, 5 * SECOND, 30 * SECOND, 59 * SECOND, 61 * SECOND, 10 * MINUTE] {
            let mut world = paired();
            for life in 0..20 {
                world.set_online(true);
                world.run_for((life % 7) * 30 * SECOND + 3 * SECOND);
                if by_cut {
                    world.cut_power()
                } else {
                    world.shut_down()
                }
                world.sleep_for(pause);
                world.boot();
            }
            assert!(world.service.visits.heartbeats > 3);
            let shortest = shortest_pause(&world);
            assert!(shortest >= MINUTE, "{shortest} ms between two, off for {pause} ms, cut: {by_cut}");
        }
    }
}

#[test]
fn a_device_is_seen_at_once_after_a_restart_all_the_same() {
    for by_cut in [false, true] {
        let mut world = online();
        let asked = world.service.visits.device;
        if by_cut {
            world.cut_power()
        } else {
            world.shut_down()
        }
        world.boot();
        world.set_online(true);
        world.run_for(SECOND);
        // Every call counts, so another one is made.
        assert_eq!((world.service.visits.heartbeats, world.service.visits.device), (1, asked + 1));
        world.run_for(5 * MINUTE);
        assert!(world.service.visits.heartbeats > 1);
    }
    // After a longer time a heartbeat does it.
    let mut world = online();
    world.shut_down();
    world.sleep_for(HOUR);
    world.boot();
    world.set_online(true);
    world.run_for(SECOND);
    assert_eq!(world.service.visits.heartbeats, 2);
}

#[test]
fn no_clock_stops_heartbeats_for_longer_than_a_minute() {
    for (shift, boots_in_1970) in [(-(400 * 86_400), None), (0, Some(30)), (-3, None)] {
        let mut world = online();
        world.network.weather.checks_dates = false;
        world.shut_down();
        world.boots_in_1970 = boots_in_1970;
        world.boot();
        world.on().clock.shift_wall(shift);
        world.restart();
        // Nobody else speaks to the service.
        world.network.weather.api_is_down = true;
        world.set_online(true);
        world.run_for(58 * SECOND);
        world.network.weather.api_is_down = false;
        world.run_for(3 * MINUTE);
        assert!(world.service.visits.heartbeats >= 2, "{shift} {boots_in_1970:?}");
        assert!(shortest_pause(&world) >= MINUTE);
    }
}

#[test]
fn a_day_of_heartbeats_costs_two_writes() {
    let mut world = paired();
    world.restart();
    // The day's refreshes have their own.
    assert_eq!(world.run(Operation::Refresh), FIO_OK);
    world.run_for(MINUTE);
    let writes = world.disk.writes();
    world.set_online(true);
    world.run_for(6 * HOUR);
    assert!(world.service.visits.heartbeats > 150);
    assert_eq!(world.disk.writes() - writes, 1);
    world.shut_down();
    assert_eq!(world.disk.writes() - writes, 2);
}

/// The project's name, or what it is called instead, and the age in seconds.
fn cached(world: &mut World) -> Result<(Option<String>, Option<u64>), i32> {
    let time = world.time;
    let device = world.on();
    let now = device.clock.now(time);
    let aged = device.engine.cached_device(now).map_err(|error| error.status)?;
    Ok((aged.device.project_id, aged.age.map(|age| age.as_secs())))
}

#[test]
fn the_device_is_known_after_a_start_without_a_network() {
    let mut world = paired();
    world.network.weather.outage = true;
    for by_cut in [false, true] {
        if by_cut {
            world.cut_power()
        } else {
            world.shut_down()
        }
        world.sleep_for(HOUR);
        world.boot();
        let (project, age) = cached(&mut world).expect("it is known");
        assert_eq!(project.as_deref(), Some("project-1"));
        assert!(age >= Some(3600), "{age:?}");
        let told: Vec<_> = world
            .events()
            .filter_map(|event| match event {
                Event::DeviceCached(aged) => Some((aged.device.project_id.clone(), aged.age)),
                _ => None,
            })
            .collect();
        assert_eq!(told, [(project, age.map(Duration::from_secs))]);
    }
    world.boots_in_1970 = Some(30);
    world.restart();
    assert_eq!(cached(&mut world), Ok((Some("project-1".into()), None)));
}

#[test]
fn what_is_known_goes_with_its_authorization() {
    let mut world = World::new(5, Rules::default());
    assert_eq!(cached(&mut world), Err(FIO_E_DEVICE_UNKNOWN));
    world.pair();
    assert_eq!(cached(&mut world).expect("it is known").0.as_deref(), Some("project-1"));

    // A new pairing: that of the earlier one says nothing of it.
    let op = world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
    world.run_for(SECOND);
    world.decide(true);
    world.service.put_in("project-2");
    while world.count_events(|event| matches!(event, Event::Authorized)) == 0 {
        world.run_for(1);
    }
    assert_eq!(cached(&mut world), Err(FIO_E_DEVICE_UNKNOWN));
    assert_eq!(world.finish(op, MINUTE), FIO_OK);
    assert_eq!(cached(&mut world).expect("it is known").0.as_deref(), Some("project-2"));

    assert_eq!(world.run(Operation::Revoke), FIO_OK);
    for _ in 0..2 {
        assert_eq!(cached(&mut world), Err(FIO_E_DEVICE_UNKNOWN));
        assert!(!world.disk.holds("device"));
        world.restart();
    }

    // One that the service has ended can still be named.
    world.pair();
    world.shut_down();
    world.sleep_for(30 * DAY);
    world.boot();
    world.run_for(MINUTE);
    assert_eq!(world.losses.len(), 1);
    world.restart();
    assert_eq!(cached(&mut world).expect("it is known").0.as_deref(), Some("project-2"));
    assert_eq!(world.count_events(|event| matches!(event, Event::DeviceCached(_))), 0);
}

#[test]
fn a_power_cut_at_any_write_of_a_new_pairing_tells_nothing_of_the_old_one() {
    use crate::store::Cut;
    for cut in [Cut::Before, Cut::After] {
        for writes in 0..8 {
            let mut world = paired();
            let old = world.stored_refresh_token();
            world.service.put_in("project-2");
            world.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
            world.run_for(SECOND);
            world.decide(true);
            for number in 0..=writes {
                if world.device.is_none() {
                    break;
                }
                world.disk.cut_power_at_write((number == writes).then_some(cut));
                let before = world.disk.writes();
                while world.device.is_some() && world.disk.writes() == before && world.time < HOUR {
                    world.run_for(1);
                }
            }
            world.disk.cut_power_at_write(None);
            if world.device.is_some() {
                world.cut_power();
            }
            let is_new = world.stored_refresh_token() != old;
            world.network.weather.outage = true;
            world.boot();
            let project = cached(&mut world).ok().and_then(|(project, _)| project);
            let expected = if is_new { "project-2" } else { "project-1" };
            assert!(project.is_none() && is_new || project.as_deref() == Some(expected), "{cut:?} {writes}");
        }
    }
}

#[test]
fn what_is_heard_again_is_not_written_again() {
    let mut world = paired();
    let writes = world.disk.writes();
    for _ in 0..20 {
        assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    }
    assert_eq!(world.disk.writes(), writes);
    world.service.rules.names_no_project = true;
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    assert_eq!(cached(&mut world).expect("it is known").0.as_deref(), Some("project-1"));
    world.service.rules.names_no_project = false;
    world.run_for(2 * HOUR);
    assert_eq!(world.run(Operation::DeviceInfo), FIO_OK);
    assert_eq!(world.disk.writes(), writes + 1);
    assert_eq!(cached(&mut world).expect("it is known").1, Some(0));
}
