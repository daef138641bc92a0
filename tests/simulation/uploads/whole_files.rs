//! Files that are there as a whole: what a lost answer, an ended URL or a power cut leads to.

use super::app::{New, paired};
use crate::faults::{Fate, Twist, answered};
use crate::store::Cut;
use crate::world::{DAY, HOUR, MINUTE, SECOND, World};
use fio_c2c::status::*;
use fio_c2c::upload::{UploadId, UploadState};

/// Five parts of a hundred bytes, one at a time.
fn one_by_one() -> (World, UploadId) {
    let mut world = paired(1);
    world.settings.uploads.parallel_parts = 1;
    world.restart();
    let id = world.upload(New::file(500));
    (world, id)
}

#[test]
fn a_file_goes_up_once_and_is_done() {
    let (mut world, id) = one_by_one();
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!((world.service.assets.creations, world.network.sent_parts), (1, 5));
    world.judge_uploads();
}

#[test]
fn after_a_power_cut_it_goes_on_at_the_first_part_that_is_missing() {
    let (mut world, id) = one_by_one();
    world.run_until_stored(3);
    world.cut_power_and_boot();
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.assets.creations, 1);
    // The third may have had its answer on the way.
    assert!((5..=6).contains(&world.network.sent_parts), "{}", world.network.sent_parts);
    world.judge_uploads();
}

#[test]
fn a_power_cut_at_each_of_the_writes_costs_a_second_asset_only_where_the_first_was_whole() {
    for cut in [Cut::Before, Cut::After] {
        for writes in 0..12 {
            let mut world = paired(2);
            let id = world.upload(New::file(300));
            for _ in 0..writes {
                if world.device.is_none() {
                    break;
                }
                world.disk.cut_power_at_write(None);
                let before = world.disk.writes();
                while world.disk.writes() == before && !world.upload_state(id).is_over() {
                    world.run_for(1);
                }
            }
            world.disk.cut_power_at_write(Some(cut));
            world.run_for(MINUTE);
            world.disk.cut_power_at_write(None);
            let was_whole = world.device.is_none() && world.service.may_be_done("video/x-0");
            if world.device.is_none() {
                world.boot();
            }
            let was_whole = was_whole && !world.upload_state(id).is_over();
            assert_eq!(world.see_through(id, MINUTE), UploadState::Done, "{cut:?} after {writes}");
            // Whether the last part was stored is not known after the cut: better twice than not at all.
            let copies = 1 + usize::from(was_whole);
            assert_eq!(world.service.complete("video/x-0").count(), copies, "{cut:?} after {writes}");
            world.judge_uploads();
        }
    }
}

#[test]
fn the_lost_answer_of_the_last_part_is_told_by_the_404_that_follows() {
    let (mut world, id) = one_by_one();
    let through = || (Fate::Through, Twist::None);
    world.network.plan_for_parts([through(), through(), through(), through()]);
    world.network.plan_for_parts([(Fate::AnswerLost(FIO_E_RESET), Twist::None)]);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!((world.service.assets.creations, world.network.sent_parts), (1, 6));
    world.judge_uploads();
}

#[test]
fn the_same_holds_where_the_connection_died_and_libcurl_sent_it_again() {
    let (mut world, id) = one_by_one();
    let through = || (Fate::Through, Twist::None);
    world.network.plan_for_parts([through(), through(), through(), through()]);
    world.network.plan_for_parts([(Fate::Through, Twist::Resent { had_arrived: true })]);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!((world.service.assets.creations, world.network.sent_parts), (1, 5));
}

#[test]
fn however_weak_the_network_a_404_after_a_lost_answer_is_no_reason_to_start_over() {
    let (mut world, id) = one_by_one();
    let through = || (Fate::Through, Twist::None);
    world.network.plan_for_parts([through(), through(), through(), through()]);
    world.network.plan_for_parts([(Fate::AnswerLost(FIO_E_RESET), Twist::None)]);
    world.network.plan_for_parts((0..8).map(|_| (Fate::NeverArrives(FIO_E_CONNECT), Twist::None)));
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(world.service.assets.creations, 1);
    world.judge_uploads();
}

#[test]
fn an_upload_the_storage_has_forgotten_is_begun_again() {
    let (mut world, id) = one_by_one();
    world.run_until_stored(2);
    world.run_for(10 * SECOND - 1);
    let (mut world, id) =
        if world.upload_state(id) == UploadState::Done { one_by_one() } else { (world, id) };
    world.run_until_stored(2);
    world.service.forget(0);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.assets.creations, 2);
    assert!(world.service.is_gone(world.service.asset(0)));
    world.judge_uploads();
}

#[test]
fn urls_that_have_ended_lead_to_new_ones_with_the_true_age() {
    let (mut world, id) = one_by_one();
    world.run_until_stored(2);
    world.pause_upload(id).expect("it is not over");
    world.run_for(2 * DAY);
    world.resume_upload(id).expect("it is paused");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    // That the age is right is the watch's to judge.
    assert_eq!(world.service.assets.creations, 2);
    world.judge_uploads();
}

#[test]
fn a_part_that_arrives_damaged_is_sent_again() {
    let mut world = paired(1);
    world.settings.uploads.parallel_parts = 1;
    world.restart();
    world.network.plan_for_parts([(Fate::Through, Twist::Damaged)]);
    let id = world.upload(New { verify: true, ..New::file(500) });
    world.ends_well(id);
    assert_eq!(world.network.sent_parts, 6);
}

#[test]
fn damage_in_the_last_part_leaves_no_damaged_file_behind_as_done() {
    let mut world = paired(1);
    world.network.plan_for_parts([(Fate::Through, Twist::Damaged)]);
    let id = world.upload(New { verify: true, ..New::file(50) });
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.assets.creations, 2);
    world.judge_uploads();
}

#[test]
fn a_damaged_last_part_is_not_taken_for_the_file_after_a_power_cut_either() {
    let mut world = paired(1);
    let damaged = (Fate::Through, Twist::Damaged);
    let unknown = (Fate::AnswerReplaced(overloaded()), Twist::None);
    world.network.plan_for_parts([damaged, unknown]);
    let id = world.upload(New { verify: true, ..New::file(50) });
    while world.network.sent_parts < 2 {
        world.run_for(1);
    }
    world.cut_power_and_boot();
    world.ends_well(id);
}

fn overloaded() -> fio_c2c::api::Response {
    fio_c2c::api::Response { status: 500, ..Default::default() }
}

#[test]
fn a_captive_portal_is_waited_out() {
    let mut world = paired(1);
    world.network.plan([answered(200, "<html>log in</html>"), answered(302, "")]);
    let id = world.upload(New::file(50));
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(world.service.assets.creations, 1);
}

#[test]
fn a_bad_file_blocks_no_other() {
    let mut world = paired(1);
    let bad = world.upload(New { priority: 9, ..New::file(500) });
    let path = world.watch.of(bad).path.clone();
    world.card.change(&path, true, |contents| contents.version += 1);
    let refused = world.upload(New { priority: 8, ..New::file(500) });
    let good = world.upload(New::file(500));
    let key = world.watch.of(refused).key.clone();
    world.service.assets.refused.insert(key);
    assert_eq!(world.see_through(good, MINUTE), UploadState::Done);
    assert_eq!((world.upload_state(bad), world.reason(bad)), (UploadState::Failed, FIO_E_SOURCE_CHANGED));
    assert_eq!(
        (world.upload_state(refused), world.reason(refused)),
        (UploadState::Failed, FIO_E_UNPROCESSABLE)
    );
    world.judge_uploads();
}

#[test]
fn a_retry_goes_on_where_it_was() {
    let (mut world, id) = one_by_one();
    world.run_until_stored(2);
    let path = world.watch.of(id).path.clone();
    world.card.fail(&path, Some(crate::files::Fault::Reads));
    assert_eq!(world.see_through(id, MINUTE), UploadState::Failed);
    assert_eq!(world.reason(id), FIO_E_SOURCE_READ);
    world.card.fail(&path, None);
    world.retry(id).expect("it has failed");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.assets.creations, 1);
    world.judge_uploads();
}

#[test]
fn a_retry_of_a_file_that_was_changed_sends_it_as_it_is() {
    let (mut world, id) = one_by_one();
    world.run_until_stored(2);
    let path = world.watch.of(id).path.clone();
    world.card.change(&path, true, |contents| {
        contents.version += 1;
        contents.size = 320;
    });
    assert_eq!(world.see_through(id, MINUTE), UploadState::Failed);
    world.retry(id).expect("it has failed");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!((world.info(id).size, world.service.assets.creations), (320, 2));
    world.judge_uploads();
}

#[test]
fn a_file_replaced_between_two_lives_by_another_of_the_same_size_and_date_never_arrives_mixed() {
    for (is_new_file, assets) in [(true, 2), (false, 2)] {
        let (mut world, id) = one_by_one();
        world.run_until_stored(2);
        let path = world.watch.of(id).path.clone();
        world.cut_power();
        let mut contents = world.card.contents(&path);
        contents.version += 1;
        world.card.replace(&path, contents, is_new_file);
        world.boot();
        assert_eq!(world.see_through(id, MINUTE), UploadState::Done, "{is_new_file}");
        assert_eq!(world.service.assets.creations, assets, "{is_new_file}");
        // The judge compares the bytes of the whole file.
        world.judge_uploads();
    }
}

#[test]
fn a_file_of_which_nothing_was_sent_may_be_replaced() {
    let mut world = paired(1);
    world.pause_queue(true);
    let id = world.upload(New::file(500));
    let path = world.watch.of(id).path.clone();
    world.cut_power();
    let mut contents = world.card.contents(&path);
    contents.version += 1;
    world.card.replace(&path, contents, true);
    world.boot();
    world.pause_queue(false);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!((world.service.assets.creations, world.network.sent_parts), (1, 5));
    world.judge_uploads();
}

#[test]
fn what_is_done_to_a_file_in_this_life_is_no_reason_to_start_over() {
    let (mut world, id) = one_by_one();
    world.run_until_stored(2);
    let path = world.watch.of(id).path.clone();
    // Other rights, say.
    let contents = world.card.contents(&path);
    world.card.replace(&path, contents, false);
    world.run_until_stored(3);
    world.cut_power_and_boot();
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.service.assets.creations, 1);
    world.judge_uploads();
}

#[test]
fn another_time_zone_costs_no_part_wherever_the_dates_move_with_it() {
    for has_numbers in [true, false] {
        for hours in [1, -1, 14] {
            let (mut world, id) = one_by_one();
            let second = world.upload(New::file(50));
            if !has_numbers {
                world.card.keep_no_numbers();
            }
            world.run_until_stored(3);
            world.cut_power();
            world.card.shift_dates(hours * 3600);
            world.boot();
            assert_eq!(world.see_through(id, MINUTE), UploadState::Done, "{hours}");
            assert_eq!(world.see_through(second, MINUTE), UploadState::Done, "{hours}");
            assert_eq!(world.service.assets.creations, 2, "{hours}");
            assert!((6..=7).contains(&world.network.sent_parts), "{}", world.network.sent_parts);
            world.judge_uploads();
        }
    }
}
