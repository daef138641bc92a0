//! What the compiler cannot hold, held by reading the sources: which module may use which, where `unsafe` and the
//! system may be outside of the core, and that nothing prints or panics.

// A failure here is a failed test, in helpers as well.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

/// A module may use those of a lower rank, and itself.
const RANKS: &[(&str, u32)] = &[
    ("prelude", 0),
    ("status", 0),
    ("secret", 0),
    ("clock", 0),
    ("sys", 0),
    ("small_map", 0),
    ("sorted_map", 0),
    ("text", 0),
    ("heap", 0),
    ("error", 1),
    ("json", 1),
    ("shown", 1),
    ("log", 2),
    ("entropy", 2),
    ("failure", 2),
    ("source", 2),
    ("api", 3),
    ("link", 4),
    ("store", 4),
    ("upload", 5),
    ("context", 6),
    ("device", 7),
    ("pairing", 7),
    ("presence", 7),
    ("revocation", 7),
    ("token", 7),
    ("call", 8),
    ("engine", 9),
    ("net", 10),
    ("client", 11),
    ("ffi", 12),
];

struct Source {
    /// From the folder of the project.
    file: String,
    /// From the `src` of its crate.
    path: String,
    room: String,
    /// Without the tests at the end of the file.
    code: String,
}

/// All of the C library's and the core's.
fn sources() -> Vec<Source> {
    let mut found = library();
    found.append(&mut sources_of("core/src"));
    found
}

/// Those of the C library; the compiler holds the rest for the core.
fn library() -> Vec<Source> {
    sources_of("src")
}

fn sources_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(within) = folders.pop() {
        for entry in fs::read_dir(within).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                let room = relative.split(['/', '.']).next().unwrap().to_owned();
                let text = fs::read_to_string(&path).unwrap();
                let end = |code: &str| text.find(code).unwrap_or(text.len());
                let tests = end("#[cfg(test)]\nmod tests").min(end("#[cfg(test)]\npub"));
                let code = text[..tests].to_owned();
                found.push(Source { file: format!("{folder}/{relative}"), path: relative, room, code });
            }
        }
    }
    assert!(found.len() > 30, "the sources were not found");
    found
}

/// Code lines with their numbers: no comments.
fn lines(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source
        .code
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn rank(room: &str) -> Option<u32> {
    RANKS.iter().find(|(name, _)| *name == room).map(|(_, rank)| *rank)
}

#[test]
fn imports_run_one_way() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| source.room != "lib") {
        let own = rank(&source.room).unwrap_or_else(|| panic!("{} is in no known room", source.path));
        for (number, line) in lines(source) {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                // What all machines use knows of uploads what it says of them to the application.
                let is_for_all = ["prelude", "log_line", "context"].contains(&used.as_str());
                let allowed = is_for_all || used == source.room || rank(&used).is_some_and(|rank| rank < own);
                // `crate::{…}` would hide what is imported; `$crate` in macros names the room too.
                if !allowed {
                    wrong.push(format!("{}:{number}: {}", source.file, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn unsafe_is_where_the_design_puts_it_and_gives_its_reason() {
    let allowed = |path: &str| {
        path.starts_with("ffi/")
            || path.starts_with("sys/")
            || ["sys.rs", "heap.rs"].contains(&path)
            // What the bindings of libcurl do not offer.
            || ["call", "head", "headers", "interface", "memory", "options", "part", "part_options", "rustls", "url", "versions"]
                .iter()
                .any(|file| path == format!("net/{file}.rs"))
    };
    let mut wrong = Vec::new();
    for source in library() {
        let all: Vec<&str> = source.code.lines().collect();
        for (number, line) in lines(&source) {
            let opens = ["unsafe {", "unsafe impl"].iter().any(|block| line.contains(block));
            if !opens {
                continue;
            }
            // The reason stands above the statement, or above one shortly before it that shares it.
            let above = &all[number.saturating_sub(14)..number];
            if !allowed(&source.path) || !above.iter().any(|line| line.contains("SAFETY")) {
                wrong.push(format!("{}:{number}: {}", source.file, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const OF_LIBCURL: [&str; 2] = ["net/rustls.rs", "net/environment.rs"];

const GUARDS: &[&str] = &["guard", "guard_value"];

/// What they do, they do in the guard.
const GUARDED: &[&str] = &["guard_set", "guard_engine", "guard_start"];

#[test]
fn what_begins_with_the_guard_runs_in_it() {
    let sources = sources();
    for name in GUARDED {
        let body = sources
            .iter()
            .find_map(|source| source.code.split_once(&format!("unsafe fn {name}")))
            .and_then(|(_, after)| after.split_once("-> fio_status {\n"))
            .map(|(_, body)| body)
            .unwrap_or_else(|| panic!("{name} is not there"));
        let mut lines = body.lines().map(str::trim);
        let first = lines.find(|line| !line.starts_with("//")).unwrap_or_default();
        assert!(
            ["guard(||", "unsafe { self.guard_set_body(", "let mut body = |driver", "let completion: Rc"]
                .iter()
                .any(|start| first.starts_with(start)),
            "{name}: {first}"
        );
    }
}

#[test]
fn every_exported_function_runs_in_the_guard() {
    let mut exported = 0;
    // Those of the other files are for libcurl, and only call on.
    for source in library().into_iter().filter(|source| !OF_LIBCURL.contains(&source.path.as_str())) {
        let mut rest = source.code.as_str();
        while let Some((_, after)) = rest.split_once("#[unsafe(no_mangle)]") {
            let body = after.split_once("{\n").map(|(_, body)| body).unwrap_or_default();
            let name =
                after.split_once("fn ").map(|(_, name)| name.split('(').next().unwrap()).unwrap_or_default();
            // Constants and a plain variable may come first; then the guard has everything.
            let is_before = |line: &str| {
                line == "unsafe {" || ["const ", "let mut ", "//"].iter().any(|start| line.starts_with(start))
            };
            let first: String =
                body.lines().map(str::trim).skip_while(|line| is_before(line)).take(2).collect();
            let called = first.split('(').next().and_then(|before| before.split([' ', '.', '{']).next_back());
            assert!(
                GUARDS.iter().chain(GUARDED).any(|guard| called == Some(guard)),
                "{name} in src/{}: {first}",
                source.path
            );
            exported += 1;
            rest = after;
        }
        let declared = source.code.matches("extern \"C\" fn fio_").count();
        let marked = source.code.matches("#[unsafe(no_mangle)]").count();
        assert_eq!(declared, marked, "{}", source.file);
    }
    assert!(exported >= 40, "only {exported} exported functions were found");
}

#[test]
fn the_world_is_reached_from_its_own_rooms_only() {
    let rules: &[(&str, &[&str])] = &[
        ("curl::", &["net/"]),
        ("curl_sys", &["net/"]),
        ("libc::", &["sys.rs", "sys/", "net/"]),
        ("rustix", &["sys.rs", "sys/"]),
        (
            "std::fs",
            &[
                "store/",
                "source/",
                "client/ca.rs",
                "sys.rs",
                "sys/",
                "net/interface.rs",
                "net/network_watch.rs",
                "net/shortage.rs",
                "net/tls/authorities.rs",
            ],
        ),
        ("SystemTime::now", &["net/clock.rs"]),
        ("Instant::now", &[]),
        ("std::net", &["client/config.rs", "net/interface.rs", "sys.rs"]),
        ("std::env", &[]),
        ("std::thread", &[]),
        ("getrandom", &["entropy.rs"]),
    ];
    let mut wrong = Vec::new();
    for source in library() {
        for (number, line) in lines(&source) {
            for (word, places) in rules {
                let own_path = format!("crate::net::{word}");
                let names_it = line.replace("net::curl::", "").replace(&own_path, "").contains(word);
                if names_it && !places.iter().any(|place| source.path.starts_with(place)) {
                    wrong.push(format!("{}:{number}: {}", source.file, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_prints_and_nothing_panics() {
    let words = [
        "println!",
        "print!(",
        "dbg!",
        ".unwrap()",
        ".expect(",
        "panic!",
        "todo!",
        "unimplemented!",
        "unreachable!",
        "process::exit",
        "process::abort",
    ];
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in lines(&source) {
            if words.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{number}: {}", source.file, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn texts_get_into_views_by_one_way() {
    let views: Vec<Source> =
        library().into_iter().filter(|source| source.path.starts_with("ffi/views/")).collect();
    let made: Vec<String> = views
        .iter()
        .flat_map(|source| lines(source).map(|(_, line)| format!("{}: {}", source.path, line.trim())))
        // Paths are the application's own bytes.
        .filter(|line| line.contains("CString::new(") || line.contains("CString::from"))
        .collect();
    assert!(views.len() >= 4 && made.iter().any(|line| line.contains("clean(text)")), "{made:#?}");
    let other = made.iter().filter(|line| !line.contains("clean(text)") && !line.contains("path"));
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&String>::new());
}
