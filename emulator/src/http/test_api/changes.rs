//! Waiting until something happens, so that nobody has to ask again and again.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;

use super::input::bad;
use crate::emulator::Emulator;
use crate::http::answer::Answer;

/// Proxies and clients give up on answers that take much longer.
const LONGEST: f64 = 60.0;

#[derive(Debug, PartialEq)]
struct Wait {
    /// The number that the caller knows.
    seen: Option<u64>,
    at_most: Duration,
}

/// Tells how often something has changed: at once, or when it is not the number seen any more.
pub(crate) async fn wait(emulator: &Emulator, query: Option<&str>) -> Result<Answer, Answer> {
    let Wait { seen, at_most } = parse(query)?;
    let changed = async {
        tokio::select! {
            () = emulator.changes_beyond(seen) => {}
            () = emulator.stopping() => {}
        }
    };
    let _ = timeout(at_most, changed).await;
    Ok(Answer::ok(&json!({ "changes": emulator.changes() })))
}

fn parse(query: Option<&str>) -> Result<Wait, Answer> {
    let mut wait = Wait { seen: None, at_most: Duration::ZERO };
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "seen" => wait.seen = Some(value.parse().map_err(|_| bad("seen is not a number"))?),
            "wait" => {
                let seconds: f64 = value.parse().map_err(|_| bad("wait is not a number of seconds"))?;
                wait.at_most = Duration::try_from_secs_f64(seconds.min(LONGEST))
                    .map_err(|_| bad("wait is not a number of seconds"))?;
            }
            _ => return Err(bad("The parameters are seen and wait")),
        }
    }
    Ok(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_bounded() {
        let at_most = |query| parse(Some(query)).map(|wait| wait.at_most);
        assert_eq!(at_most("wait=0.5").ok(), Some(Duration::from_millis(500)));
        assert_eq!(at_most("wait=1e300").ok(), Some(Duration::from_secs(60)));
        assert_eq!(parse(None).ok(), Some(Wait { seen: None, at_most: Duration::ZERO }));
        for query in ["wait=-1", "wait=soon", "seen=-1", "since=1"] {
            assert!(parse(Some(query)).is_err(), "{query}");
        }
    }
}
