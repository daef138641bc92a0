use super::asset::AssetFields;
use super::realtime::{AnnouncedPart, LARGEST_FILE, LARGEST_PART};
use super::upload::{PutRefusal, State, Sums, Then};
use super::*;
use crate::person::Person;
use crate::scope::Scope;
use crate::settings::{PartsAre, Settings};

type Service = crate::Service<()>;

const ID: &str = "CAM-1";
const MIB: u64 = 1 << 20;

fn service() -> Service {
    let mut service = Service::new(Settings::default(), Vec::new(), Person::default());
    connect(&mut service, ID, true);
    service
}

fn connect(service: &mut Service, client_id: &str, asset_create: bool) {
    let scope = Scope { asset_create, offline: true };
    let (grant, _) = service.grants.authorize(at(0), &Settings::default(), client_id, scope);
    let project = service.projects.named("Feature A");
    service.devices.connect(at(0), client_id, project, None, grant);
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn finished(filesize: i64, parts: Option<i64>) -> AssetFields {
    AssetFields {
        name: Some("A.mov".into()),
        filetype: Some("video/quicktime".into()),
        filesize: Some(filesize),
        parts,
        ..AssetFields::default()
    }
}

fn recording() -> AssetFields {
    AssetFields { filesize: None, realtime: true, ..finished(0, None) }
}

fn create(service: &mut Service, fields: AssetFields) -> String {
    service.create_asset(at(100), ID, fields.check().expect("an asset")).expect("an id")
}

fn sizes(service: &Service, id: &str) -> Vec<u64> {
    service.uploads.get(id).expect("the upload").parts().map(|(_, part)| part.size).collect()
}

#[test]
fn parts_of_a_finished_file() {
    let mut service = service();
    for (filesize, parts, expected) in [
        (21_136_250, Some(2), vec![10_568_125, 10_568_125]),
        (50_645_990, Some(3), vec![16_881_997, 16_881_997, 16_881_996]),
        (11, Some(10), vec![2, 2, 2, 2, 2, 1, 0, 0, 0, 0]),
        (1, None, vec![1]),
        (26_214_400, None, vec![26_214_400]),
        (26_214_401, None, vec![13_107_201, 13_107_200]),
    ] {
        let id = create(&mut service, finished(filesize, parts));
        assert_eq!(sizes(&service, &id), expected);
    }
    let id = create(&mut service, finished(5 << 40, None));
    let sizes = sizes(&service, &id);
    assert_eq!((sizes.len(), sizes.iter().sum::<u64>()), (10_000, LARGEST_FILE));
}

#[test]
fn what_cannot_be_created() {
    let ok = || finished(7, None);
    let long = |length| Some("é".repeat(length));
    for (what, fields) in [
        ("no name", AssetFields { name: None, ..ok() }),
        ("empty name", AssetFields { name: Some(String::new()), ..ok() }),
        ("long name", AssetFields { name: long(256), ..ok() }),
        ("no filetype", AssetFields { filetype: None, ..ok() }),
        ("no media type", AssetFields { filetype: Some("mov".into()), ..ok() }),
        ("not for a header", AssetFields { filetype: Some("a/b\r\nx: y".into()), ..ok() }),
        ("no filesize", AssetFields { filesize: None, ..ok() }),
        ("an empty file", finished(0, None)),
        ("a negative size", finished(-1, None)),
        ("too big", finished((5 << 40) + 1, None)),
        ("no parts", finished(7, Some(0))),
        ("too many parts", finished(7, Some(10_001))),
        ("a negative channel", AssetFields { channel: Some(-1), ..ok() }),
        ("a size in real time", AssetFields { filesize: Some(7), ..recording() }),
        ("no extension", AssetFields { name: Some("A".into()), ..recording() }),
        ("a dot at the end", AssetFields { name: Some("A.".into()), ..recording() }),
        ("no name in real time", AssetFields { name: None, ..recording() }),
        ("other extension", AssetFields { extension: Some(".mp4".into()), ..recording() }),
        ("no dot", AssetFields { name: None, extension: Some("mov".into()), ..recording() }),
        ("only a dot", AssetFields { name: None, extension: Some(".".into()), ..recording() }),
    ] {
        assert!(matches!(fields.check(), Err(Refused::Invalid(_))), "{what}");
    }
    assert!(AssetFields { name: long(255), parts: Some(10_000), ..ok() }.check().is_ok());
    assert!(AssetFields { extension: Some(".mov".into()), ..recording() }.check().is_ok());
}

#[test]
fn assets_belong_to_the_project_of_the_moment_and_to_their_device() {
    let mut service = service();
    let before = create(&mut service, finished(7, None));
    let project = service.projects.named("Another");
    service.devices.get_mut(ID).expect("the device").move_to(at(50), project.clone());
    let after = create(&mut service, finished(7, None));
    assert_ne!(service.uploads.get(&before).map(|upload| &upload.project), Some(&project));
    assert_eq!(service.uploads.get(&after).map(|upload| &upload.project), Some(&project));

    connect(&mut service, "OTHER", true);
    assert_eq!(service.own_upload("OTHER", &after).err(), Some(Refused::NoSuchAsset));
    assert_eq!(service.comment_asset("OTHER", &after, "a", None).err(), Some(Refused::NoSuchAsset));
    assert!(service.own_upload(ID, &after).is_ok());
    let asset = || finished(7, None).check().expect("an asset");
    connect(&mut service, "NO-SCOPE", false);
    assert_eq!(service.create_asset(at(100), "NO-SCOPE", asset()), Err(Refused::Forbidden));
}

#[test]
fn pauses_are_judged_by_the_moment_of_recording() {
    let mut service = service();
    let device = service.devices.get_mut(ID).expect("the device");
    device.set_paused(at(50), true);
    device.set_paused(at(80), false);
    for (offset, outcome) in [(0, Ok(())), (20, Ok(())), (21, Err(Refused::Paused)), (51, Ok(()))] {
        let asset = AssetFields { offset: Some(offset), ..finished(7, None) }.check().expect("an asset");
        assert_eq!(service.create_asset(at(100), ID, asset).map(|_| ()), outcome, "{offset}");
    }
}

#[test]
fn a_file_is_whole_when_its_last_part_is_in() {
    let mut service = service();
    service.settings.parts = PartsAre::Multipart;
    let id = create(&mut service, finished(10, Some(3)));
    let upload = service.uploads.get_mut(&id).expect("the upload");
    assert_eq!(upload.admit(at(103), 1, 3).err(), Some(PutRefusal::WrongLength { expected: 4 }));
    assert_eq!(upload.admit(at(103), 4, 4).err(), Some(PutRefusal::NoSuchUpload));
    for (number, bytes) in [(3, 2), (1, 4), (1, 4)] {
        upload.part_begins(number);
        let stored = upload.store(at(101), number, bytes, ()).expect("room");
        assert!(matches!(stored.then, Then::Wait));
    }
    assert_eq!((upload.stored_bytes(), upload.parts_stored()), (6, 2));
    let stored = upload.store(at(102), 2, 4, ()).expect("room");
    assert!(matches!(stored.then, Then::Assemble));
    assert_eq!(upload.store(at(103), 2, 4, ()).err(), Some(PutRefusal::NoSuchUpload), "while assembling");
    upload.assembled(Some(Some(Sums { sha256: "a".into(), md5: "b".into() })));
    assert_eq!((upload.state, upload.completed), (State::Complete, Some(at(102))));
    assert_eq!(upload.admit(at(103), 1, 4).err(), Some(PutRefusal::NoSuchUpload));
    upload.part_begins(1);
    assert_eq!(upload.after_completion, 2);
    let first = upload.part(1).expect("a part");
    assert_eq!((first.times_started, first.times_received), (2, 2));
}

#[test]
fn an_object_may_be_written_again_when_the_file_is_whole() {
    let mut service = service();
    let id = create(&mut service, finished(10, Some(2)));
    let upload = service.uploads.get_mut(&id).expect("the upload");
    for number in [1, 2] {
        assert_eq!(upload.admit(at(103), number, 5), Ok(()));
        upload.store(at(101), number, 5, ()).expect("room");
    }
    upload.assembled(Some(Some(Sums { sha256: "a".into(), md5: "b".into() })));
    upload.part_begins(2);
    assert_eq!(upload.admit(at(103), 2, 5), Ok(()));
    assert_eq!(upload.admit(at(103), 2, 4), Err(PutRefusal::WrongLength { expected: 5 }));
    let stored = upload.store(at(102), 2, 5, ()).expect("room");
    assert!(matches!(stored.then, Then::Wait));
    assert_eq!((upload.state, upload.completed), (State::Complete, Some(at(101))));
    assert_eq!(upload.after_completion, 2);
    let second = upload.part(2).expect("a part");
    assert_eq!((second.times_started, second.times_received), (1, 2));
}

fn part(number: u32, size: u64, is_final: bool) -> AnnouncedPart {
    AnnouncedPart { number, size, is_final }
}

fn announce(
    service: &mut Service,
    id: &str,
    parts: &[AnnouncedPart],
    asset_filesize: Option<u64>,
) -> Result<(), Refused> {
    let announcement = Announcement { parts: parts.to_vec(), asset_name: None, asset_filesize };
    service.announce_parts(ID, id, &announcement)
}

fn put(service: &mut Service, id: &str, number: u32) -> Then {
    let upload = service.uploads.get_mut(id).expect("the upload");
    let size = upload.part(number).expect("a part").size;
    upload.store(at(200), number, size, ()).expect("room").then
}

#[test]
fn limits_of_real_time_parts() {
    let mut service = service();
    let id = create(&mut service, recording());
    let mut refused = |parts: &[AnnouncedPart], filesize| {
        let refusal = announce(&mut service, &id, parts, filesize);
        assert!(matches!(refusal, Err(Refused::Bad(_))), "{parts:?} {filesize:?}");
    };
    refused(&[], None);
    refused(&[part(0, 5 * MIB, false)], None);
    refused(&[part(10_001, 5 * MIB, false)], None);
    refused(&[part(1, 5 * MIB - 1, false)], None);
    refused(&[part(1, LARGEST_PART + 1, false)], None);
    refused(&[part(1, 0, true)], Some(1));
    refused(&[part(1, 7, true)], None);
    refused(&[part(1, 7, true)], Some(0));
    refused(&[part(1, 7, true)], Some(LARGEST_FILE + 1));
    refused(&[part(1, 5 * MIB, false), part(1, 5 * MIB, false)], None);
    refused(&[part(1, 7, true), part(2, 7, true)], Some(14));
    refused(&[part(1, 7, true), part(2, 5 * MIB, false)], Some(14));
    assert_eq!(service.uploads.get(&id).map(|upload| upload.parts().len()), Some(0), "nothing was taken");
    assert_eq!(announce(&mut service, &id, &[part(10_000, 7, true)], Some(7)), Ok(()));
    let normal = create(&mut service, finished(7, None));
    assert_eq!(announce(&mut service, &normal, &[part(1, 7, true)], Some(7)), Err(Refused::NoSuchAsset));
    assert_eq!(announce(&mut service, "unknown", &[part(1, 7, true)], Some(7)), Err(Refused::NoSuchAsset));
}

#[test]
fn announcing_again_and_after_the_end() {
    let mut service = service();
    let id = create(&mut service, recording());
    assert_eq!(
        announce(&mut service, &id, &[part(2, 5 * MIB, false), part(3, 6 * MIB, false)], None),
        Ok(())
    );
    assert_eq!(announce(&mut service, &id, &[part(2, 7 * MIB, false)], None), Ok(()), "a new size");
    assert_eq!(sizes(&service, &id), [7 * MIB, 6 * MIB]);
    assert!(matches!(put(&mut service, &id, 2), Then::Wait));
    for (again, filesize) in [(part(2, 7 * MIB, false), None), (part(2, 7, true), Some(7))] {
        assert!(announce(&mut service, &id, &[again], filesize).is_err(), "it is uploaded");
    }
    assert!(announce(&mut service, &id, &[part(1, 7, true)], Some(7)).is_err(), "higher ones are announced");
    assert_eq!(announce(&mut service, &id, &[part(4, 9, true)], Some(20 * MIB + 9)), Ok(()));
    for late in [part(5, 5 * MIB, false), part(5, 5, true)] {
        assert!(
            announce(&mut service, &id, &[late], Some(20 * MIB + 9)).is_err(),
            "nothing after the final one"
        );
    }
    assert_eq!(announce(&mut service, &id, &[part(4, 11, true)], Some(20 * MIB + 11)), Ok(()), "another end");
    assert!(matches!(put(&mut service, &id, 4), Then::Wait));
    assert!(matches!(put(&mut service, &id, 3), Then::Wait), "the head is held back");
    assert_eq!(announce(&mut service, &id, &[part(1, 7 * MIB, false)], None), Ok(()));
    assert!(matches!(put(&mut service, &id, 1), Then::Assemble));
    let refusal = announce(&mut service, &id, &[part(1, 7 * MIB, false)], None);
    assert_eq!(refusal, Err(Refused::Bad("The asset is finished already")));
}

#[test]
fn a_wrong_sum_breaks_the_file() {
    for (filesize, breaks) in [(5 * MIB + 7, false), (5 * MIB + 8, true), (5 * MIB + 6, true)] {
        let mut service = service();
        let id = create(&mut service, recording());
        announce(&mut service, &id, &[part(1, 5 * MIB, false), part(2, 7, true)], Some(filesize))
            .expect("parts");
        assert!(matches!(put(&mut service, &id, 1), Then::Wait));
        assert_eq!(matches!(put(&mut service, &id, 2), Then::Break), breaks, "{filesize}");
        let state = service.uploads.get(&id).map(|upload| upload.state);
        assert_eq!(state, Some(if breaks { State::Broken } else { State::Assembling }));
    }
}

#[test]
fn skipped_numbers_are_no_gap_when_the_bytes_are_all_there() {
    let mut service = service();
    let id = create(&mut service, recording());
    announce(&mut service, &id, &[part(3, 5 * MIB, false), part(7, 7, true)], Some(5 * MIB + 7))
        .expect("parts");
    assert!(matches!(put(&mut service, &id, 7), Then::Wait));
    assert!(matches!(put(&mut service, &id, 3), Then::Assemble));
}

#[test]
fn only_a_placeholder_gives_way_to_a_name() {
    let mut service = service();
    let named = create(&mut service, recording());
    let unnamed = AssetFields { name: None, extension: Some(".mov".into()), ..recording() };
    let unnamed = create(&mut service, unnamed);
    let name = |service: &Service, id: &str| service.uploads.get(id).map(|upload| upload.name.clone());
    assert_eq!(name(&service, &unnamed).as_deref(), Some("[new file].mov"));
    for (new, id, expected) in [
        ("no extension", &unnamed, "[new file].mov"),
        ("B.mov", &unnamed, "B.mov"),
        ("C.mov", &unnamed, "B.mov"),
        ("B.mov", &named, "A.mov"),
    ] {
        let announcement = Announcement {
            parts: vec![part(1, 5 * MIB, false)],
            asset_name: Some(new.into()),
            asset_filesize: None,
        };
        let outcome = service.announce_parts(ID, id, &announcement);
        assert_eq!(outcome.is_ok(), new != "no extension");
        assert_eq!(name(&service, id).as_deref(), Some(expected));
    }
}

#[test]
fn comments_are_bounded_by_number_and_by_length() {
    let mut service = service();
    let id = create(&mut service, finished(7, None));
    let upload = service.uploads.get_mut(&id).expect("the upload");
    for length in [1, 16 << 10] {
        for _ in 0..2_000 {
            upload.comment(&"x".repeat(length), None, &mut Random::System);
        }
        let kept: usize = upload.comments.iter().map(|comment| comment.text.len()).sum();
        assert!(upload.comments.len() <= 1_000 && kept <= 256 << 10, "{kept}");
    }
    assert_eq!(upload.comments.len(), 16);
}

#[test]
fn comments_on_all_uploads_together_are_bounded() {
    let mut service = service();
    let text = "x".repeat(16 << 10);
    let ids: Vec<_> = (0..200).map(|_| create(&mut service, finished(7, None))).collect();
    for id in &ids {
        for _ in 0..16 {
            assert!(service.comment_asset(ID, id, &text, None).is_ok());
        }
    }
    let kept = |service: &Service| service.uploads.iter().map(Upload::comment_cost).sum::<usize>();
    assert!((MOST_COMMENTS_IN_ALL / 2..=MOST_COMMENTS_IN_ALL).contains(&kept(&service)));
    assert_eq!(kept(&service), service.uploads.comments);
    let count = |service: &Service, id: &str| service.uploads.get(id).map(|upload| upload.comments.len());
    assert_eq!((count(&service, &ids[0]), count(&service, &ids[199])), (Some(0), Some(16)));
    // Those of a later one go, if there are no earlier ones.
    let first = service.comment_asset(ID, &ids[0], "again", None).map(|comment| comment.text.clone());
    assert_eq!(first.as_deref(), Ok("again"));
    assert_eq!(kept(&service), service.uploads.comments);
    service.uploads.clear();
    assert_eq!(service.uploads.comments, 0);
}

#[test]
fn memory_is_bounded() {
    let mut service = service();
    let first = create(&mut service, finished(7, None));
    for _ in 0..MOST_UPLOADS {
        create(&mut service, finished(7, None));
    }
    let last = create(&mut service, finished(7, None));
    assert_eq!(service.uploads.iter().len(), MOST_UPLOADS);
    assert!(service.uploads.get(&first).is_none() && service.uploads.get(&last).is_some());
    service.uploads.clear();
    assert!(service.uploads.get(&last).is_none());
    let many = finished(100_000, Some(10_000));
    let ids: Vec<_> = (0..=MOST_PARTS_IN_ALL / 10_000).map(|_| create(&mut service, many.clone())).collect();
    assert!(service.uploads.get(&ids[0]).is_none() && service.uploads.get(&ids[1]).is_some());
    let upload = service.uploads.get_mut(&ids[1]).expect("the upload");
    for count in 0..2_000 {
        upload.comment(&count.to_string(), None, &mut Random::System);
    }
    assert_eq!(upload.comments.front().map(|comment| comment.text.as_str()), Some("1000"));
}

#[test]
fn a_comment_stays_where_it_is() {
    for timestamp in [0.1, 1e256, 9.999_999_999_999_999e255, f64::MAX] {
        let comment = Comment { id: String::new(), text: String::new(), timestamp: Some(timestamp) };
        let saved = serde_json::to_string(&comment).expect("JSON");
        let loaded: Comment = serde_json::from_str(&saved).expect("a comment");
        assert_eq!(loaded.timestamp, Some(timestamp), "{saved}");
    }
}

#[test]
fn a_service_may_take_announcements_again() {
    let mut service = service();
    service.takes_announcements_again = true;
    let id = create(&mut service, recording());
    let first = [part(1, 5 * MIB, false), part(2, 7, true)];
    announce(&mut service, &id, &first, Some(5 * MIB + 7)).expect("parts");
    assert_eq!(put(&mut service, &id, 1), Then::Wait);
    announce(&mut service, &id, &first, Some(5 * MIB + 7)).expect("again");
    let stored = |service: &Service| service.uploads.get(&id).map(Upload::parts_stored);
    assert_eq!(stored(&service), Some(1), "the same part");
    announce(&mut service, &id, &[part(1, 6 * MIB, false)], None).expect("another size");
    assert_eq!(stored(&service), Some(0), "another part");
    announce(&mut service, &id, &first, Some(5 * MIB + 7)).expect("and back");
    assert_eq!((put(&mut service, &id, 1), put(&mut service, &id, 2)), (Then::Wait, Then::Assemble));
    assert_eq!(announce(&mut service, &id, &first, Some(9)), Ok(()));
    assert_eq!(service.uploads.get(&id).and_then(|upload| upload.filesize), Some(5 * MIB + 7));
}

#[test]
fn an_upload_takes_parts_while_it_is_put_together() {
    let mut service = service();
    service.settings.parts = PartsAre::Multipart;
    service.assembly = Duration::from_secs(2);
    let id = create(&mut service, finished(7, Some(1)));
    let upload = service.uploads.get_mut(&id).expect("the upload");
    assert_eq!(upload.store(at(100), 1, 7, ()).expect("room").then, Then::Assemble);
    assert_eq!(upload.store(at(101), 1, 7, ()).expect("still open").then, Then::Wait);
    assert_eq!(upload.store(at(102), 1, 7, ()).err(), Some(PutRefusal::NoSuchUpload));
}

#[test]
fn a_seed_decides_what_is_random() {
    let seeded = || {
        let mut service = service();
        service.seed(fastrand::Rng::with_seed(7));
        let id = create(&mut service, finished(7, None));
        let code = service.issue_code(at(0), ID, "offline", None).expect("a code").device_code.clone();
        (id, code)
    };
    assert_eq!(seeded(), seeded());
}
