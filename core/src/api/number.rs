//! Spans of time as the service writes them: JSON numbers that may be fractional, and that a broken
//! or hostile server may make huge, negative, or a string.

use crate::json::Json;
use core::time::Duration;

/// A number of seconds within `0 ..= limit`; `None` if it is missing, negative, or not a number.
/// A number written as a string is accepted, since the service's own pages disagree on types.
pub fn seconds(value: Option<&Json<'_>>, limit: Duration) -> Option<Duration> {
    let number = match value? {
        Json::Number(number) => *number,
        Json::Text(text) => Json::parse(text.trim().as_bytes())?.as_f64()?,
        _ => return None,
    };
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    Some(Duration::try_from_secs_f64(number).unwrap_or(limit).min(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn odd_numbers_neither_crash_nor_run_away() {
        let limit = Duration::from_secs(100);
        let read = |value: Value| seconds(Json::parse(value.to_string().as_bytes()).as_ref(), limit);
        assert_eq!(read(json!(4.5)), Some(Duration::from_millis(4500)));
        assert_eq!(read(json!("30")), Some(Duration::from_secs(30)));
        assert_eq!(read(json!(1e300)), Some(limit));
        assert_eq!(read(json!(u64::MAX)), Some(limit));
        for bad in [json!(-1), json!(null), json!([]), json!({}), json!(true), json!("NaN"), json!("x")] {
            assert_eq!(read(bad.clone()), None, "{bad}");
        }
        assert_eq!(seconds(None, limit), None);
    }
}
