use super::devices::DeviceStatus;
use super::*;

type Service = super::Service<()>;

const ID: &str = "CAM-1";

fn service() -> Service {
    Service::new(Settings::default(), vec!["secret".into()], Person::default())
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn code(service: &mut Service, now: Duration) -> String {
    service
        .issue_code(now, ID, "asset_create offline", Some("1.2.3".into()))
        .expect("a code")
        .device_code
        .clone()
}

fn paired(service: &mut Service, now: Duration) -> Tokens {
    let code = code(service, now);
    service.decide(now, None, service.approval(None)).expect("a pending code");
    service.poll(now, ID, &code).outcome.expect("tokens")
}

#[test]
fn clients_and_scopes_are_checked() {
    let mut service = service();
    assert_eq!(service.check_client("secret"), Ok(()));
    assert_eq!(service.check_client("other"), Err(OAuthError::InvalidClient));
    assert_eq!(service.issue_code(at(0), ID, "account.read", None).err(), Some(OAuthError::InvalidScope));
}

#[test]
fn the_person_decides_after_so_many_pending_polls() {
    let mut service = service();
    service.person =
        Person { decision: PersonDecision::Approve, after_polls: 2, project: Some("Night shoot".into()) };
    let code = code(&mut service, at(0));
    for seconds in [5, 10] {
        assert_eq!(service.poll(at(seconds), ID, &code).outcome, Err(OAuthError::AuthorizationPending));
    }
    assert!(service.poll(at(15), ID, &code).outcome.is_ok());
    assert_eq!(service.devices.get(ID).map(|device| device.project.name.as_str()), Some("Night shoot"));
}

#[test]
fn the_person_can_decide_at_once_or_deny() {
    let mut service = service();
    service.person = Person { decision: PersonDecision::Approve, ..Person::default() };
    let approved = code(&mut service, at(0));
    assert!(service.poll(at(0), ID, &approved).outcome.is_ok());
    service.person.decision = PersonDecision::Deny;
    let denied = code(&mut service, at(0));
    assert_eq!(service.poll(at(0), ID, &denied).outcome, Err(OAuthError::AccessDenied));
}

#[test]
fn bearer_tokens_speak_for_their_device() {
    let mut service = service();
    let tokens = paired(&mut service, at(10));
    let device = service.authenticate(at(20), &tokens.access_token, Some("2.0.0")).expect("the device");
    assert_eq!((device.last_seen_at, device.firmware.as_deref()), (at(20), Some("2.0.0")));
    assert!(service.authenticate(at(20), "other", None).is_none());
    assert!(service.authenticate(at(10 + 28_800), &tokens.access_token, None).is_none());
}

#[test]
fn pairing_again_ends_the_authorization_before() {
    let mut service = service();
    let old = paired(&mut service, at(0));
    let new = paired(&mut service, at(100));
    assert!(service.authenticate(at(101), &old.access_token, None).is_none());
    assert!(service.authenticate(at(101), &new.access_token, None).is_some());
    let old_refresh = old.refresh_token.expect("a refresh token");
    assert_eq!(service.refresh(at(101), ID, &old_refresh, None).err(), Some(Refusal::NotAuthorized));
}

#[test]
fn a_person_disconnects_the_device() {
    let mut service = service();
    let tokens = paired(&mut service, at(0));
    assert!(service.disconnect(at(5), ID));
    assert!(!service.disconnect(at(5), "no such device"));
    assert!(service.authenticate(at(6), &tokens.access_token, None).is_none());
    let refresh_token = tokens.refresh_token.expect("a refresh token");
    assert_eq!(service.refresh(at(6), ID, &refresh_token, None).err(), Some(Refusal::NotAuthorized));
    let device = service.devices.get(ID).expect("the device stays listed");
    assert!(!service.is_authorized(at(6), device));
}

#[test]
fn online_offline_paused() {
    let mut service = service();
    paired(&mut service, at(0));
    let device = service.devices.get_mut(ID).expect("the device");
    assert_eq!(device.status(at(0)), DeviceStatus::Offline, "until its first heartbeat");
    device.seen(at(1), None);
    device.heartbeat(at(1));
    assert_eq!(device.status(at(301)), DeviceStatus::Online);
    assert_eq!(device.status(at(302)), DeviceStatus::Offline);
    device.set_paused(at(302), true);
    assert_eq!(device.status(at(302)), DeviceStatus::Paused);
}

#[test]
fn a_connection_with_an_end_is_removed_then() {
    let mut service = service();
    let tokens = paired(&mut service, at(0));
    let device = service.devices.get_mut(ID).expect("the device");
    device.end_at(at(0), Some(at(100)));
    assert!(service.authenticate(at(99), &tokens.access_token, None).is_some());
    assert!(service.removed.is_empty());
    let device = service.devices.get(ID).expect("the device");
    assert!(service.is_authorized(at(99), device) && !service.is_authorized(at(100), device));
    let refresh_token = tokens.refresh_token.clone().expect("a refresh token");
    assert_eq!(service.refresh(at(100), ID, &refresh_token, None).err(), Some(Refusal::NotAuthorized));
    assert!(service.authenticate(at(101), &tokens.access_token, None).is_none());
    assert_eq!(service.removed, [ID], "once");
    let tokens = paired(&mut service, at(200));
    assert!(service.authenticate(at(201), &tokens.access_token, None).is_some(), "another has no end");
}

#[test]
fn heartbeats_are_not_to_come_within_a_minute() {
    let mut service = service();
    paired(&mut service, at(0));
    let device = service.devices.get_mut(ID).expect("the device");
    assert!(!device.heartbeat(at(1)));
    assert!(device.heartbeat(at(31)));
    assert!(!device.heartbeat(at(91)));
}

#[test]
fn moving_changes_the_project_id() {
    let mut service = service();
    paired(&mut service, at(0));
    let project = service.projects.named("Another");
    let device = service.devices.get_mut(ID).expect("the device");
    let before = device.project.id.clone();
    device.move_to(at(1), project);
    assert_ne!(device.project.id, before);
}

#[test]
fn the_authorization_of_a_forgotten_device_ends() {
    let mut service = service();
    let first = paired(&mut service, at(0));
    for unit in 0..devices::MOST_DEVICES {
        let id = format!("OTHER-{unit}");
        let code = service.issue_code(at(1), &id, "asset_create", None).expect("a code").device_code.clone();
        service.decide(at(1), None, service.approval(None)).expect("a pending code");
        assert!(service.poll(at(1), &id, &code).outcome.is_ok());
    }
    assert!(service.devices.get(ID).is_none());
    let refresh_token = first.refresh_token.expect("a refresh token");
    assert_eq!(service.refresh(at(2), ID, &refresh_token, None), Err(Refusal::NotAuthorized));
}
