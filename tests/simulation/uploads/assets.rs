//! Assets that come to nothing stay behind at the service: how many there may be, and what is evidence of a
//! file.

use super::app::{New, paired};
use crate::faults::{Fate, Twist, answered};
use crate::files::Fault;
use crate::world::{DAY, HOUR, MINUTE, SECOND, World};
use fio_c2c::api::Response;
use fio_c2c::link::Known;
use fio_c2c::secret::SecretBytes;
use fio_c2c::status::*;
use fio_c2c::upload::{UploadId, UploadState};

fn refused(status: u16, code: &str) -> (Fate, Twist) {
    let body = format!("<Error><Code>{code}</Code></Error>");
    (answered(status, &body), Twist::None)
}

fn page(status: u16) -> (Fate, Twist) {
    (answered(status, "<html>Blocked by policy</html>"), Twist::None)
}

fn assets(world: &World) -> usize {
    world.service.uploads().len()
}

/// One file, to whose parts the storage says the same for ever.
fn refused_for_ever(code: &'static str) -> (World, UploadId) {
    let mut world = paired(1);
    world.network.plan_for_parts((0..10_000).map(|_| refused(403, code)));
    let id = world.upload(New::file(50));
    (world, id)
}

#[test]
fn there_are_three_assets_in_the_first_hour_and_ten_in_all() {
    let (mut world, id) = refused_for_ever("SignatureDoesNotMatch");
    world.run_for(HOUR - MINUTE);
    assert_eq!(assets(&world), 3);
    assert_eq!((world.upload_state(id), world.reason(id)), (UploadState::Waiting, FIO_E_URL_REFUSED));
    world.run_for(DAY);
    assert!(assets(&world) <= 8, "{}", assets(&world));
    world.run_for(4 * DAY);
    assert_eq!(assets(&world), 10);
    let info = world.info(id);
    let reason = info.reason.expect("it waits for a person");
    assert_eq!(
        (info.state, reason.status, info.retry_in),
        (UploadState::Waiting, FIO_E_TOO_MANY_ASSETS, None)
    );
    assert!(reason.message.contains("SignatureDoesNotMatch"), "{}", reason.message);
}

#[test]
fn a_restart_gives_no_new_assets_and_a_person_does() {
    let (mut world, id) = refused_for_ever("AccessDenied");
    for _ in 0..60 {
        world.run_for(2 * HOUR);
        world.cut_power_and_boot();
    }
    world.run_for(MINUTE);
    assert_eq!(assets(&world), 10);
    assert_eq!(world.reason(id), FIO_E_TOO_MANY_ASSETS);
    world.retry(id).expect("it waits");
    world.run_for(MINUTE);
    assert_eq!(assets(&world), 13);
    world.network.forget_plans();
    world.retry(id).expect("it waits");
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
}

#[test]
fn lost_answers_to_creations_are_counted_and_refusals_are_not() {
    let mut world = paired(1);
    world.network.plan((0..10_000).map(|_| Fate::AnswerLost(FIO_E_RESET)));
    let id = world.upload(New::file(50));
    world.run_for(HOUR / 2);
    assert_eq!(assets(&world), 3);
    world.network.forget_plans();
    world.network.plan((0..20).map(|_| answered(503, "")));
    world.retry(id).expect("it waits");
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    assert_eq!(assets(&world), 4);
}

#[test]
fn one_odd_answer_of_the_storage_ends_nothing() {
    for (status, code) in [
        (400, "ExpiredToken"),
        (400, "TokenRefreshRequired"),
        (400, "InvalidToken"),
        (400, "AuthorizationQueryParametersError"),
        (401, "ExpiredToken"),
        (403, "RequestTimeTooSkewed"),
        (404, "NoSuchKey"),
        (404, "NoSuchUpload"),
        (400, "MalformedTrailer"),
        (405, "MethodNotAllowed"),
        (409, "OperationAborted"),
        (412, "ConditionalRequestConflict"),
        (416, "InvalidRange"),
        (200, "InternalError"),
    ] {
        let mut world = paired(1);
        world.network.plan_for_parts([refused(status, code)]);
        let id = world.upload(New::file(250));
        assert_eq!(world.see_through(id, MINUTE), UploadState::Done, "{status} {code}");
        assert!(assets(&world) <= 2, "{status} {code}");
        world.judge_uploads();
    }
}

#[test]
fn a_page_is_no_stored_part_whatever_its_number() {
    for status in [200, 201, 202, 203, 206] {
        let mut world = paired(1);
        world.network.plan_for_parts([page(status)]);
        let id = world.upload(New::file(50));
        assert_eq!(world.see_through(id, MINUTE), UploadState::Done, "{status}");
        world.judge_uploads();
    }
}

#[test]
fn without_an_etag_an_answer_is_not_believed_once_there_was_one() {
    let mut world = paired(1);
    world.settings.uploads.parallel_parts = 1;
    world.restart();
    let empty = Response { status: 200, body: SecretBytes::new(Vec::new()), retry_after: None };
    world.network.plan_for_parts([(Fate::Through, Twist::None), (Fate::AnsweredByOther(empty), Twist::None)]);
    let id = world.upload(New::file(250));
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(assets(&world), 1);
    world.judge_uploads();
}

#[test]
fn a_bare_404_after_a_lost_answer_is_evidence_and_without_one_it_is_not() {
    for was_lost in [true, false] {
        let mut world = paired(1);
        let first = if was_lost { Fate::AnswerLost(FIO_E_RESET) } else { Fate::NeverArrives(FIO_E_RESET) };
        world.network.plan_for_parts([(first, Twist::None), (answered(404, ""), Twist::None)]);
        let id = world.upload(New::file(50));
        assert_eq!(world.see_through(id, 30 * SECOND), UploadState::Done);
        assert_eq!(assets(&world), 1);
        world.judge_uploads();
    }
}

#[test]
fn what_is_too_large_for_something_on_the_way_goes_in_smaller_parts() {
    const MIB: u64 = 1 << 20;
    let mut world = paired(1);
    // A fast link leaves the size of parts to the service.
    world.know_link(Known { goodput: 100 * MIB, hold: 0, at_once: 5 });
    world.service.assets.rules.bytes_in_a_part = 40 * MIB;
    world.network.plan_for_parts([(answered(413, "<html>too large</html>"), Twist::None)]);
    let id = world.upload(New::file(36 * MIB));
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    let parts: Vec<usize> = world.service.uploads().map(|asset| asset.parts().len()).collect();
    assert_eq!(parts, [1, 2]);
    world.judge_uploads();
}

#[test]
fn a_file_that_outlasts_its_urls_goes_on_as_a_recording() {
    const MIB: u64 = 1 << 20;
    let mut world = paired(1);
    world.settings.uploads.parallel_parts = 1;
    world.service.assets.rules.bytes_in_a_part = 6 * MIB;
    world.service.assets.rules.url_life = 20 * SECOND;
    world.service.assets.rules.urls_say_when = true;
    world.watch.has_short_urls = true;
    world.restart();
    // Each part takes ten seconds.
    world.network.plan_for_parts((0..100).map(|_| (Fate::Late(10 * SECOND), Twist::None)));
    let id = world.upload(New::file(60 * MIB));
    assert_eq!(world.see_through(id, HOUR), UploadState::Done);
    let kinds: Vec<bool> = world.service.uploads().map(|asset| asset.realtime).collect();
    assert_eq!(kinds, [false, true]);
    assert_eq!(world.watch.tally.get("expired URLs"), None, "nothing is sent to what has ended");
    world.judge_uploads();
}

#[test]
fn urls_that_ended_while_the_device_was_off_are_not_tried() {
    let mut world = paired(1);
    world.settings.uploads.parallel_parts = 1;
    world.service.assets.rules.urls_say_when = true;
    world.restart();
    let id = world.upload(New::file(500));
    world.run_until_stored(2);
    world.cut_power();
    world.run_for(2 * DAY);
    world.boot();
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(world.watch.tally.get("expired URLs"), None);
    assert_eq!(assets(&world), 2);
}

#[test]
fn a_busy_card_and_missing_descriptors_are_waited_out_and_told() {
    let mut world = paired(1);
    let ids: Vec<UploadId> = (0..8).map(|_| world.upload(New::file(250))).collect();
    world.card.lack_descriptors(true);
    let path = world.watch.of(ids[0]).path.clone();
    world.card.fail(&path, Some(Fault::Busy));
    world.run_for(10 * MINUTE);
    for &id in &ids {
        let info = world.info(id);
        if info.state != UploadState::Done {
            let reason = info.reason.map(|reason| reason.status);
            assert!(matches!(reason, Some(FIO_E_NOMEM | FIO_E_SOURCE_BUSY)), "{:?} {reason:?}", info.state);
        }
    }
    world.card.lack_descriptors(false);
    world.run_for(2 * MINUTE);
    let done = ids.iter().filter(|id| world.upload_state(**id) == UploadState::Done).count();
    assert_eq!(done, ids.len() - 1);
    assert_eq!(world.reason(ids[0]), FIO_E_SOURCE_BUSY);
    world.card.fail(&path, None);
    assert_eq!(world.see_through(ids[0], 2 * MINUTE), UploadState::Done);
}

#[test]
fn a_card_that_is_busy_at_a_resume_is_waited_out_with_a_request_under_way() {
    let mut world = paired(1);
    let id = world.upload(New::file(250));
    let path = world.watch.of(id).path.clone();
    world.card.fail(&path, Some(Fault::Busy));
    // The request for an asset has left.
    world.pause_upload(id).expect("it is not over");
    world.resume_upload(id).expect("it is paused");
    world.run_for(MINUTE);
    assert_eq!((world.upload_state(id), world.reason(id)), (UploadState::Waiting, FIO_E_SOURCE_BUSY));
    world.card.fail(&path, None);
    assert_eq!(world.see_through(id, MINUTE), UploadState::Done);
    assert_eq!(assets(&world), 1);
}

#[test]
fn a_person_opens_what_a_server_has_closed_and_nothing_is_closed_for_longer_than_an_hour() {
    let a_day = || {
        let wish = Some(std::time::Duration::from_secs(86_400));
        Fate::AnsweredByOther(Response { status: 503, retry_after: wish, ..Response::default() })
    };
    for is_retried in [true, false] {
        let mut world = paired(1);
        world.network.plan_for_parts([(a_day(), Twist::None)]);
        let first = world.upload(New::file(50));
        world.run_for(MINUTE);
        let second = world.upload(New::file(50));
        world.run_for(MINUTE);
        assert_eq!(world.reason(first), FIO_E_SERVER);
        let waits = world.info(second);
        assert_eq!((waits.state, world.reason(second)), (UploadState::Queued, FIO_E_SERVER));
        assert!(waits.retry_in.is_some());
        if is_retried {
            world.retry(first).expect("it waits");
            world.run_for(30 * SECOND);
        } else {
            world.run_for(HOUR);
        }
        assert_eq!(world.upload_state(first), UploadState::Done);
        assert_eq!(world.upload_state(second), UploadState::Done);
    }
}

/// A part that is refused for now, beside others whose URLs have expired: the upload is ready for a new asset, and
/// nothing else wakes it when the storage may be tried again.
#[test]
fn a_file_that_starts_over_while_the_storage_wants_to_be_left_alone_goes_on_after_that() {
    for most in [1, 2, 3] {
        let mut world = paired(1);
        world.know_link(Known { goodput: 100 << 20, hold: 0, at_once: 5 });
        let wish = Some(std::time::Duration::from_secs(3));
        let later = Fate::AnsweredByOther(Response { status: 503, retry_after: wish, ..Response::default() });
        let body = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        let expired = || (answered(403, body), Twist::None);
        let first = (later, Twist::None);
        world.network.plan_for_parts(std::iter::once(first).chain((0..most).map(|_| expired())));
        let id = world.upload(New::file(450));
        assert_eq!(world.see_through(id, MINUTE), UploadState::Done, "{most}");
    }
}
