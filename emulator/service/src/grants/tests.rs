use super::*;

const SCOPE: Scope = Scope { asset_create: true, offline: true };
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

fn authorized() -> (Grants, GrantId, Tokens) {
    let mut grants = Grants::default();
    let (id, tokens) = grants.authorize(Duration::ZERO, &Settings::default(), "CAM", SCOPE);
    (grants, id, tokens)
}

fn refresh(grants: &mut Grants, now: Duration, tokens: &Tokens) -> Result<Tokens, Refusal> {
    let token = tokens.refresh_token.as_deref().expect("a refresh token");
    grants.refresh(now, &Settings::default(), "CAM", token).map(|(_, tokens)| tokens)
}

#[test]
fn an_access_token_lives_eight_hours() {
    let (grants, id, tokens) = authorized();
    assert_eq!(grants.bearer(8 * HOUR - Duration::from_secs(1), &tokens.access_token), Some(id));
    assert_eq!(grants.bearer(8 * HOUR, &tokens.access_token), None);
    assert_eq!(grants.bearer(HOUR, tokens.refresh_token.as_deref().unwrap_or_default()), None);
}

#[test]
fn refreshing_ends_both_old_tokens_at_once() {
    let (mut grants, id, old) = authorized();
    let new = refresh(&mut grants, HOUR, &old).expect("new tokens");
    assert_eq!(grants.bearer(HOUR, &old.access_token), None);
    assert_eq!(grants.bearer(HOUR, &new.access_token), Some(id));
    assert_eq!(refresh(&mut grants, HOUR, &old), Err(OAuthError::InvalidRequest.into()));
    assert_eq!(grants.bearer(HOUR, &new.access_token), Some(id), "reuse does not end the grant");
    assert_eq!(grants.get(id).map(|grant| grant.refreshes), Some(1));
}

#[test]
fn a_refresh_token_lives_fourteen_days_from_its_own_issue() {
    let (mut grants, _, mut tokens) = authorized();
    for round in 1..=200 {
        tokens = refresh(&mut grants, round * 13 * DAY, &tokens).expect("thirteen days are within fourteen");
    }
    assert_eq!(refresh(&mut grants, 200 * 13 * DAY + 14 * DAY, &tokens), Err(Refusal::NotAuthorized));
}

#[test]
fn either_token_revokes_everything() {
    for pick in [0, 1] {
        let (mut grants, id, tokens) = authorized();
        let refresh_token = tokens.refresh_token.clone().expect("a refresh token");
        let token = if pick == 0 { &tokens.access_token } else { &refresh_token };
        assert_eq!(grants.revoke("CAM", token), Ok(Some(id)));
        assert_eq!(grants.bearer(HOUR, &tokens.access_token), None);
        assert_eq!(refresh(&mut grants, HOUR, &tokens), Err(Refusal::NotAuthorized));
    }
}

#[test]
fn what_does_not_revoke() {
    let (mut grants, id, tokens) = authorized();
    assert_eq!(grants.revoke("CAM", "unknown"), Ok(None));
    assert_eq!(grants.revoke("OTHER", &tokens.access_token), Err(OAuthError::InvalidGrant));
    let new = refresh(&mut grants, HOUR, &tokens).expect("new tokens");
    assert_eq!(grants.revoke("CAM", tokens.refresh_token.as_deref().unwrap_or_default()), Ok(None));
    assert_eq!(grants.bearer(HOUR, &new.access_token), Some(id));
}

#[test]
fn what_does_not_refresh() {
    let (mut grants, _, tokens) = authorized();
    let settings = Settings::default();
    let refresh_token = tokens.refresh_token.as_deref().expect("a refresh token");
    let invalid_grant = Refusal::OAuth(OAuthError::InvalidGrant);
    for (client_id, token) in
        [("CAM", "unknown"), ("OTHER", refresh_token), ("CAM", tokens.access_token.as_str())]
    {
        assert_eq!(grants.refresh(HOUR, &settings, client_id, token).err(), Some(invalid_grant));
    }
    assert!(refresh(&mut grants, HOUR, &tokens).is_ok(), "the refused attempts did not spend it");
}

#[test]
fn without_the_offline_scope_there_is_no_refresh_token() {
    let scope = Scope { asset_create: true, offline: false };
    let (_, tokens) = Grants::default().authorize(Duration::ZERO, &Settings::default(), "CAM", scope);
    assert_eq!(tokens.refresh_token, None);
}

#[test]
fn memory_is_bounded() {
    let (mut grants, _, mut tokens) = authorized();
    for _ in 0..MOST_SPENT + 10 {
        tokens = refresh(&mut grants, HOUR, &tokens).expect("new tokens");
    }
    assert!(grants.tokens.len() <= MOST_SPENT + 2);
    for _ in 0..MOST_ENDED + 10 {
        let (id, _) = grants.authorize(HOUR, &Settings::default(), "CAM", SCOPE);
        grants.end(id);
    }
    assert!(grants.grants.len() <= MOST_ENDED + 1);
}
