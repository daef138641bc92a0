//! Grants and their chains of tokens. A refresh token works once and lives fourteen days; the moment
//! a new pair is issued both old tokens are dead.

pub const REFRESH_TOKEN_LIFE: u64 = 14 * 86_400 * 1000;

pub struct Grant {
    /// Number of the pair that is good now.
    serial: u32,
    issued: u64,
    access_ends: u64,
    access_life: u64,
    pub revoked: bool,
    /// The newest pair never reached the device's store: by the service's own rule this grant cannot
    /// be renewed any more.
    pub broken: bool,
}

/// Why a refresh was refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// The token was used before.
    Replaced {
        grant: usize,
    },
    /// Fourteen days went by since it was issued, at this time.
    TooOld {
        issued: u64,
    },
    Revoked {
        grant: usize,
    },
}

#[derive(Default)]
pub struct Grants {
    list: Vec<Grant>,
    /// The last one that the device has read.
    pub last_refusal: Option<Refusal>,
}

/// A token names its grant, its pair, and whether it is the one or the other of it.
fn refresh_token(grant: usize, serial: u32) -> String {
    format!("refresh.{grant}.{serial}")
}

fn parse(token: &str, kind: &str) -> Option<(usize, u32)> {
    let (grant, serial) = token.strip_prefix(kind)?.strip_prefix('.')?.split_once('.')?;
    Some((grant.parse().ok()?, serial.parse().ok()?))
}

/// The grant a refresh token belongs to.
pub fn grant_of(token: &str) -> usize {
    parse(token, "refresh").expect("a refresh token of ours").0
}

impl Grants {
    pub fn add(&mut self, access_life: u64, time: u64) -> usize {
        self.list.push(Grant {
            serial: 1,
            issued: time,
            access_ends: time + access_life,
            access_life,
            revoked: false,
            broken: false,
        });
        self.list.len() - 1
    }

    pub fn pair(&self, grant: usize) -> String {
        let Grant { serial, access_life, .. } = self.list[grant];
        let refresh = refresh_token(grant, serial);
        format!(
            r#"{{"access_token":"access.{grant}.{serial}","refresh_token":"{refresh}","expires_in":{},"token_type":"bearer"}}"#,
            access_life as f64 / 1000.0
        )
    }

    pub fn refresh(&mut self, token: &str, access_life: u64, time: u64) -> Result<usize, Refusal> {
        let (number, serial) = parse(token, "refresh").expect("a refresh token of ours");
        let grant = &mut self.list[number];
        if grant.revoked {
            return Err(Refusal::Revoked { grant: number });
        }
        if serial != grant.serial {
            return Err(Refusal::Replaced { grant: number });
        }
        if time >= grant.issued + REFRESH_TOKEN_LIFE {
            return Err(Refusal::TooOld { issued: grant.issued });
        }
        grant.serial += 1;
        grant.issued = time;
        grant.access_life = access_life;
        grant.access_ends = time + access_life;
        Ok(number)
    }

    /// A refresh leaves the device. One with a token that is known to be used up would only be right
    /// if the device never got the one that replaced it.
    pub fn check_leaving(&self, token: &str) {
        let (number, serial) = parse(token, "refresh").expect("a refresh token of ours");
        let grant = &self.list[number];
        assert!(
            serial == grant.serial || grant.broken,
            "a refresh left with {token}, which the device had exchanged"
        );
    }

    pub fn accepts(&self, access: &str, time: u64) -> bool {
        let (number, serial) = parse(access, "access").expect("an access token of ours");
        let grant = &self.list[number];
        !grant.revoked && serial == grant.serial && time < grant.access_ends
    }

    /// Revocation by the device. One that is not the newest revokes nothing, and is a success all the
    /// same (RFC 7009 section 2.2).
    pub fn revoke_token(&mut self, token: &str) {
        let (number, serial) =
            parse(token, "refresh").or_else(|| parse(token, "access")).expect("a token of ours");
        let grant = &mut self.list[number];
        grant.revoked |= serial == grant.serial;
    }

    /// A person disconnects the device.
    pub fn revoke_all(&mut self) {
        for grant in &mut self.list {
            grant.revoked = true;
        }
    }

    pub fn break_chain(&mut self, grant: usize) {
        self.list[grant].broken = true;
    }

    /// The device now depends on its store alone, and that holds `stored`: a newer pair is lost.
    pub fn left_with(&mut self, stored: Option<&str>) {
        let Some((number, serial)) = stored.and_then(|token| parse(token, "refresh")) else { return };
        let grant = &mut self.list[number];
        grant.broken |= serial != grant.serial;
    }

    /// The service forgets the access tokens before their time.
    pub fn expire_access(&mut self) {
        for grant in &mut self.list {
            grant.access_ends = 0;
        }
    }

    /// The refresh token that is good now, of the newest grant.
    pub fn current_refresh_token(&self) -> Option<String> {
        let newest = self.list.len().checked_sub(1)?;
        Some(refresh_token(newest, self.list[newest].serial))
    }

    pub fn get(&self, number: usize) -> &Grant {
        &self.list[number]
    }

    /// How many can still be used.
    pub fn count_alive(&self) -> usize {
        self.list.iter().filter(|grant| !grant.revoked).count()
    }
}
