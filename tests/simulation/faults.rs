//! What may happen to a request on its way and to the answer on its way back.

use fio_c2c::api::Response;
use fio_c2c::secret::SecretBytes;
use fio_c2c::status::*;
use fio_emulator_service::s3_errors;
use std::time::Duration;

/// The state of the network between device and service.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Of a hundred requests, so many suffer something.
    pub fault_percent: u8,
    /// Whether an answer may be lost or spoilt after the service has acted. Without it, every fault
    /// strikes before the request arrives.
    pub loses_answers: bool,
    /// No network at all.
    pub outage: bool,
    /// Whether TLS fails while the device believes it is 1970.
    pub checks_dates: bool,
    /// The longest Retry-After something in between comes up with, in seconds.
    pub longest_wish: u64,
    /// The storage cannot be reached, though the API can.
    pub storage_is_down: bool,
    /// The API cannot be reached, though the storage can.
    pub api_is_down: bool,
}

impl Weather {
    pub fn clear() -> Weather {
        Weather {
            fault_percent: 0,
            loses_answers: false,
            outage: false,
            checks_dates: true,
            longest_wish: 60,
            storage_is_down: false,
            api_is_down: false,
        }
    }

    pub fn stormy() -> Weather {
        Weather { fault_percent: 40, loses_answers: true, ..Weather::clear() }
    }
}

#[derive(Clone, Debug)]
pub enum Fate {
    Through,
    /// The answer takes so many milliseconds more.
    Late(u64),
    /// The service never sees the request.
    NeverArrives(i32),
    /// Something in front of the service answers in its place.
    AnsweredByOther(Response),
    /// The service acts, but its answer does not come back.
    AnswerLost(i32),
    /// The service acts, and something on the way puts its own answer in place.
    AnswerReplaced(Response),
    AnswerSpoilt(Spoilt),
}

/// What is left of the answer's body.
#[derive(Clone, Copy, Debug)]
pub enum Spoilt {
    Empty,
    Truncated,
    Garbage,
    Page,
}

const UNREACHABLE: [i32; 5] = [FIO_E_DNS, FIO_E_CONNECT, FIO_E_TIMEOUT, FIO_E_RESET, FIO_E_NETWORK];
const UNTRUSTED: [i32; 6] = [
    FIO_E_TLS,
    FIO_E_TLS_EXPIRED,
    FIO_E_TLS_NOT_YET_VALID,
    FIO_E_TLS_HOST,
    FIO_E_TLS_UNTRUSTED,
    FIO_E_TLS_VERSION,
];
const PAGE: &str = "<!doctype html><title>Log in to the hotel's network</title>";

impl Fate {
    pub fn choose(weather: &Weather, clock_is_plausible: bool, random: &mut fastrand::Rng) -> Fate {
        if weather.outage || weather.api_is_down {
            return Fate::NeverArrives(pick(&UNREACHABLE, random));
        }
        if weather.checks_dates && !clock_is_plausible {
            return Fate::NeverArrives(FIO_E_TLS_NOT_YET_VALID);
        }
        if random.u8(0..100) >= weather.fault_percent {
            return Fate::Through;
        }
        match random.u8(0..if weather.loses_answers { 10 } else { 7 }) {
            0 | 1 => Fate::NeverArrives(pick(&UNREACHABLE, random)),
            2 => Fate::NeverArrives(pick(&UNTRUSTED, random)),
            3 => Fate::AnsweredByOther(with_wish(overloaded(429, random), weather, random)),
            4 => Fate::AnsweredByOther(with_wish(
                overloaded(pick(&[500, 502, 503, 504], random), random),
                weather,
                random,
            )),
            5 => Fate::AnsweredByOther(overloaded(pick(&[403, 404, 408, 418], random), random)),
            6 => Fate::AnsweredByOther(captive_portal(random)),
            7 => Fate::AnswerLost(pick(&[FIO_E_RESET, FIO_E_TIMEOUT, FIO_E_TOO_LARGE], random)),
            8 => Fate::AnswerReplaced(with_wish(
                overloaded(pick(&[500, 502, 504], random), random),
                weather,
                random,
            )),
            _ => Fate::AnswerSpoilt(pick(
                &[Spoilt::Empty, Spoilt::Truncated, Spoilt::Garbage, Spoilt::Page],
                random,
            )),
        }
    }
}

/// What may happen to a part besides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Twist {
    None,
    /// The connection turned out to be dead, perhaps after the storage had it all, and libcurl sent it
    /// again.
    Resent {
        had_arrived: bool,
    },
    /// The storage gets other bytes than were sent.
    Damaged,
}

/// Errors of S3's list that come with other numbers as well.
const OTHER_NUMBERS: [(u16, &str); 8] = [
    (200, "InternalError"),
    (400, "InternalError"),
    (400, "MalformedTrailer"),
    (401, "ExpiredToken"),
    (403, "ExpiredToken"),
    (403, "SlowDown"),
    (412, "ConditionalRequestConflict"),
    (413, "EntityTooLarge"),
];

/// Any error of S3, but for the one that is evidence of what the storage has.
fn s3_error(random: &mut fastrand::Rng) -> (u16, &'static str) {
    let row = &s3_errors::ALL[random.usize(0..s3_errors::ALL.len())];
    match row.code {
        "NoSuchUpload" => pick(&OTHER_NUMBERS, random),
        _ if random.u8(0..5) == 0 => pick(&OTHER_NUMBERS, random),
        code => (row.status, code),
    }
}

/// What the storage, or something before it, may say to a part besides.
fn odd_answer(random: &mut fastrand::Rng) -> Response {
    let (status, body) = match random.u8(0..6) {
        // No success of anybody, whatever its number.
        0 => (pick(&[200, 201, 202, 203, 206], random), PAGE.to_owned()),
        1 => (pick(&[202, 203, 205, 206], random), String::new()),
        2 => (pick(&[401, 404, 410, 413, 418, 451, 511], random), String::new()),
        _ => {
            let (status, code) = s3_error(random);
            (status, format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Key>k</Key></Error>"))
        }
    };
    Response { status, body: SecretBytes::new(body.into_bytes()), retry_after: None }
}

/// A part's fate.
pub fn choose_for_part(
    weather: &Weather,
    clock_is_plausible: bool,
    is_verified: bool,
    random: &mut fastrand::Rng,
) -> (Fate, Twist) {
    let weather =
        Weather { outage: weather.outage || weather.storage_is_down, api_is_down: false, ..weather.clone() };
    let mut fate = Fate::choose(&weather, clock_is_plausible, random);
    if let Fate::AnsweredByOther(response) | Fate::AnswerReplaced(response) = &mut fate {
        if random.bool() {
            *response = odd_answer(random);
        }
    }
    let twist = match &fate {
        Fate::AnswerSpoilt(_) if is_verified => Twist::Damaged,
        Fate::AnswerSpoilt(_) => Twist::Resent { had_arrived: random.bool() },
        _ => Twist::None,
    };
    if twist != Twist::None {
        fate = Fate::Through;
    }
    (fate, twist)
}

impl Spoilt {
    pub fn spoil(self, response: Response, random: &mut fastrand::Rng) -> Response {
        let body = match self {
            Spoilt::Empty => Vec::new(),
            Spoilt::Truncated => {
                let whole = response.body.expose();
                whole[..random.usize(0..whole.len().max(1)).min(whole.len())].to_vec()
            }
            Spoilt::Garbage => (0..random.usize(1..40)).map(|_| random.u8(..)).collect(),
            Spoilt::Page => PAGE.into(),
        };
        Response { body: SecretBytes::new(body), ..response }
    }
}

/// An answer as the service itself, or something in front of it, would put it.
pub fn answered(status: u16, body: &str) -> Fate {
    Fate::AnsweredByOther(Response { status, body: SecretBytes::new(body.into()), retry_after: None })
}

fn pick<T: Copy>(choices: &[T], random: &mut fastrand::Rng) -> T {
    choices[random.usize(0..choices.len())]
}

fn overloaded(status: u16, random: &mut fastrand::Rng) -> Response {
    let body = pick(&["", PAGE, "{}", r#"{"message":"no"}"#, "{\"error\":"], random);
    Response { status, body: SecretBytes::new(body.into()), retry_after: None }
}

fn with_wish(response: Response, weather: &Weather, random: &mut fastrand::Rng) -> Response {
    let wish = random.bool().then(|| Duration::from_secs(pick(&[0, 1, 7, weather.longest_wish], random)));
    Response { retry_after: wish, ..response }
}

fn captive_portal(random: &mut fastrand::Rng) -> Response {
    let status = pick(&[200, 302, 511], random);
    Response { status, body: SecretBytes::new(PAGE.into()), retry_after: None }
}
