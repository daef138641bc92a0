use super::*;
use CodeStatus::*;

const SCOPE: Scope = Scope { asset_create: true, offline: true };

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn one_code(codes: &mut Codes) -> (String, String) {
    let code = codes.issue(at(0.0), &Settings::default(), "CAM", SCOPE, None);
    (code.device_code.clone(), code.user_code.clone())
}

fn poll(codes: &mut Codes, seconds: f64, device_code: &str) -> Result<String, OAuthError> {
    codes.poll(at(seconds), "CAM", device_code).outcome.map(|approved| approved.project)
}

fn approve() -> Verdict {
    Verdict::Approve { project: "Feature A".into() }
}

#[test]
fn pending_then_approved_then_used() {
    let mut codes = Codes::default();
    let (device_code, user_code) = one_code(&mut codes);
    assert_eq!(poll(&mut codes, 5.0, &device_code), Err(OAuthError::AuthorizationPending));
    assert_eq!(codes.decide(at(6.0), Some(&user_code), approve()), Some(user_code.clone()));
    assert_eq!(poll(&mut codes, 10.0, &device_code), Ok("Feature A".to_owned()));
    assert_eq!(poll(&mut codes, 15.0, &device_code), Err(OAuthError::InvalidGrant));
    assert_eq!(codes.decide(at(16.0), Some(&user_code), approve()), None, "a used code is not pending");
}

#[test]
fn denied_and_expired() {
    let mut codes = Codes::default();
    let (denied, digits) = one_code(&mut codes);
    codes.decide(at(1.0), Some(&digits), Verdict::Deny);
    assert_eq!(poll(&mut codes, 5.0, &denied), Err(OAuthError::AccessDenied));

    let (expired, digits) = one_code(&mut codes);
    assert_eq!(poll(&mut codes, 119.0, &expired), Err(OAuthError::AuthorizationPending));
    assert_eq!(poll(&mut codes, 120.0, &expired), Err(OAuthError::ExpiredToken));
    assert_eq!(codes.decide(at(121.0), Some(&digits), approve()), None);

    let (expired, _) = one_code(&mut codes);
    codes.decide(at(2.0), None, Verdict::Expire);
    assert_eq!(poll(&mut codes, 5.0, &expired), Err(OAuthError::ExpiredToken));
}

#[test]
fn an_approval_not_fetched_in_time_expires() {
    let mut codes = Codes::default();
    let (device_code, _) = one_code(&mut codes);
    codes.decide(at(100.0), None, approve());
    assert_eq!(poll(&mut codes, 125.0, &device_code), Err(OAuthError::ExpiredToken));
}

#[test]
fn another_device_cannot_use_the_code() {
    let mut codes = Codes::default();
    let (device_code, _) = one_code(&mut codes);
    codes.decide(at(1.0), None, approve());
    assert_eq!(codes.poll(at(5.0), "OTHER", &device_code).outcome, Err(OAuthError::InvalidGrant));
    assert_eq!(poll(&mut codes, 5.0, "no such code"), Err(OAuthError::InvalidGrant));
    assert!(poll(&mut codes, 6.0, &device_code).is_ok(), "the attempt did not use it up");
}

#[test]
fn polling_too_fast_grows_the_interval() {
    let mut codes = Codes::default();
    let (code, _) = one_code(&mut codes);
    assert_eq!(
        poll(&mut codes, 0.0, &code),
        Err(OAuthError::AuthorizationPending),
        "the first poll has nothing before it"
    );
    assert_eq!(poll(&mut codes, 4.6, &code), Err(OAuthError::AuthorizationPending), "within ten per cent");
    assert_eq!(poll(&mut codes, 9.0, &code), Err(OAuthError::SlowDown));
    assert_eq!(poll(&mut codes, 14.5, &code), Err(OAuthError::SlowDown), "ten seconds are asked for now");
    assert_eq!(poll(&mut codes, 29.5, &code), Err(OAuthError::AuthorizationPending));
    let code = codes.iter().last().expect("the code");
    assert_eq!((code.polls, code.pending_polls, code.slow_downs, code.interval), (5, 3, 2, at(15.0)));
}

#[test]
fn a_patient_device_is_slowed_down_when_that_was_ordered() {
    let mut codes = Codes::default();
    let settings = Settings { interval: 1.0, slow_downs: 1, ..Settings::default() };
    let code = codes.issue(at(0.0), &settings, "CAM", SCOPE, None).device_code.clone();
    let first = codes.poll(at(1.0), "CAM", &code);
    assert_eq!((first.outcome, first.too_fast), (Err(OAuthError::SlowDown), false));
    assert_eq!(poll(&mut codes, 7.0, &code), Err(OAuthError::AuthorizationPending));
    assert!(codes.poll(at(8.0), "CAM", &code).too_fast, "six seconds are asked for now");
}

#[test]
fn short_intervals_have_twenty_milliseconds_of_grace() {
    let mut codes = Codes::default();
    let settings = Settings { interval: 0.05, ..Settings::default() };
    let code = codes.issue(at(0.0), &settings, "CAM", SCOPE, None).device_code.clone();
    assert!(!codes.poll(at(0.0), "CAM", &code).too_fast);
    assert!(!codes.poll(at(0.031), "CAM", &code).too_fast);
    assert!(codes.poll(at(0.060), "CAM", &code).too_fast);
}

#[test]
fn a_decision_is_told_even_to_a_hasty_device() {
    let mut codes = Codes::default();
    let (code, _) = one_code(&mut codes);
    let _ = poll(&mut codes, 0.0, &code);
    codes.decide(at(0.5), None, approve());
    let hasty = codes.poll(at(1.0), "CAM", &code);
    assert!(hasty.too_fast && hasty.outcome.is_ok(), "{hasty:?}");
}

#[test]
fn the_newest_pending_code_is_decided_first() {
    let mut codes = Codes::default();
    let (_, older) = one_code(&mut codes);
    let (_, newer) = one_code(&mut codes);
    assert_eq!(codes.decide(at(1.0), None, Verdict::Deny), Some(newer));
    assert_eq!(codes.decide(at(1.0), None, Verdict::Deny), Some(older));
    assert_eq!(codes.decide(at(1.0), None, Verdict::Deny), None);
    assert!(codes.iter().all(|code| code.status(at(1.0)) == Denied));
    assert!(codes.iter().all(|code| code.status(at(500.0)) == Expired));
}

#[test]
fn old_codes_are_forgotten() {
    let mut codes = Codes::default();
    let (first, _) = one_code(&mut codes);
    for _ in 0..MOST_CODES {
        one_code(&mut codes);
    }
    assert_eq!(codes.iter().count(), MOST_CODES);
    assert_eq!(poll(&mut codes, 1.0, &first), Err(OAuthError::InvalidGrant));
}
