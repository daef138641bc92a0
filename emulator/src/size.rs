//! Amounts of data as people read them.

pub fn readable(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let step = bytes.checked_ilog10().unwrap_or(0).min(14) / 3;
    match units.get(step as usize) {
        Some(unit) if step > 0 => format!("{:.1} {unit}", bytes as f64 / 1_000_f64.powf(f64::from(step))),
        _ => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (25_000_000, "25.0 MB"),
            (5 << 40, "5.5 TB"),
            (u64::MAX, "18446744.1 TB"),
        ] {
            assert_eq!(readable(bytes), text);
        }
    }
}
