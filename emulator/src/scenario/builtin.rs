//! The scenarios that come with the emulator.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::file;
use super::script::Scenario;

/// By name, in the order in which `all` plays them.
pub const FILES: &[(&str, &str)] = &[
    ("pairing", include_str!("../../scenarios/pairing.toml")),
    ("uploads", include_str!("../../scenarios/uploads.toml")),
    ("side_by_side", include_str!("../../scenarios/side_by_side.toml")),
    ("idle", include_str!("../../scenarios/idle.toml")),
    ("expiry", include_str!("../../scenarios/expiry.toml")),
    ("lost_refresh_reply", include_str!("../../scenarios/lost_refresh_reply.toml")),
    ("pause", include_str!("../../scenarios/pause.toml")),
    ("storage_503", include_str!("../../scenarios/storage_503.toml")),
    ("expired_urls", include_str!("../../scenarios/expired_urls.toml")),
    ("slow_link", include_str!("../../scenarios/slow_link.toml")),
    ("dead_network", include_str!("../../scenarios/dead_network.toml")),
    ("down_at_boot", include_str!("../../scenarios/down_at_boot.toml")),
    ("power_cut", include_str!("../../scenarios/power_cut.toml")),
    ("network_change", include_str!("../../scenarios/network_change.toml")),
    ("cancel", include_str!("../../scenarios/cancel.toml")),
    ("disconnected", include_str!("../../scenarios/disconnected.toml")),
];

/// All of them; a test holds that each can be read.
pub static ALL: LazyLock<Vec<Arc<Scenario>>> = LazyLock::new(|| {
    let read = FILES.iter().map(|(name, text)| file::parse(name, text));
    read.filter_map(Result::ok).map(Arc::new).collect()
});

/// What `run` was asked for: `all`, the name of a built-in one, or a file.
pub fn named(name: &str) -> Result<Vec<Arc<Scenario>>, String> {
    if name == "all" {
        return Ok(ALL.clone());
    }
    if let Some(scenario) = ALL.iter().find(|scenario| scenario.name == name) {
        return Ok(vec![Arc::clone(scenario)]);
    }
    if !name.ends_with(".toml") {
        let known: Vec<_> = FILES.iter().map(|(name, _)| *name).collect();
        return Err(format!(
            "there is no scenario {name}: name a file that ends with .toml, all, or one of {}",
            known.join(", ")
        ));
    }
    let text = std::fs::read_to_string(name).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    let read = file::parse(stem, &text).map_err(|mistake| mistake.of_file(name).to_string())?;
    Ok(vec![Arc::new(read)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_built_in_and_can_be_read() {
        for (name, text) in FILES {
            if let Err(mistake) = file::parse(name, text) {
                panic!("{mistake}");
            }
        }
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let mut found: Vec<_> = std::fs::read_dir(dir)
            .expect("the directory")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
            .collect();
        let mut known: Vec<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        found.sort();
        known.sort();
        assert_eq!(found, known);
    }

    #[test]
    fn names() {
        assert_eq!(named("all").map(|all| all.len()), Ok(FILES.len()));
        assert_eq!(named("down_at_boot").expect("one")[0].name, "down_at_boot");
        let unknown = named("nonsense").expect_err("no such scenario");
        assert!(unknown.contains("nonsense") && unknown.contains("down_at_boot"), "{unknown}");
        let absent = named("/nowhere/x.toml").expect_err("no such file");
        assert!(absent.starts_with("/nowhere/x.toml cannot be read: "), "{absent}");
    }
}
