//! Makes the C header from the sources of the boundary (into `OUT_DIR`; `make header` commits it, and a
//! test compares), and makes sure that a build against the system's libcurl really is one.

use std::env;
use std::path::{Path, PathBuf};

// What the library says of each status is in no header; the description of the interface has it, too.
#[allow(dead_code, unreachable_pub)]
#[path = "core/src/status.rs"]
mod status;

/// In the order of the header.
const SOURCES: &[&str] = &[
    "core/src/status.rs",
    "src/ffi/types.rs",
    // With its modules, which it names in the order of the header; so does each `mod.rs` below.
    "src/ffi/views/mod.rs",
    "src/ffi/callbacks.rs",
    "src/ffi/config/mod.rs",
    "src/ffi/client.rs",
    "src/ffi/drive.rs",
    "src/ffi/pairing.rs",
    "src/ffi/authorization.rs",
    "src/ffi/device.rs",
    "src/ffi/upload/mod.rs",
    "src/ffi/queue.rs",
    "src/ffi/comment.rs",
    "src/ffi/screen.rs",
    "src/ffi/diagnosis.rs",
];

fn main() {
    refuse_libcurl_without_tls();
    refuse_libcurl_without_settings();
    make_header();
    write_statuses();
}

/// Where curl-sys finds no libcurl it builds one of its own, and without a TLS feature that one knows
/// no https. Better no library than that one.
fn refuse_libcurl_without_tls() {
    let is_bundled = env::var_os("CARGO_FEATURE_BUNDLED").is_some();
    let was_built_from_source = env::var_os("DEP_CURL_STATIC").is_some();
    if was_built_from_source && !is_bundled {
        println!(
            "cargo::error=no libcurl was found on this system: install its development package (Debian: libcurl4-openssl-dev) or build with the default feature `bundled`"
        );
    }
}

/// The bundled libcurl is compiled with settings of ours, which come by the environment.
fn refuse_libcurl_without_settings() {
    println!("cargo::rerun-if-env-changed=HOST_CFLAGS");
    println!("cargo::rerun-if-env-changed=TARGET_CFLAGS");
    let is_native = env::var_os("HOST") == env::var_os("TARGET");
    let flags = env::var(if is_native { "HOST_CFLAGS" } else { "TARGET_CFLAGS" }).unwrap_or_default();
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() && !flags.contains("-include fio_libcurl.h") {
        println!(
            "cargo::error=libcurl is compiled without its settings: run cargo in the project's folder, and see packaging/libcurl/README.md"
        );
    }
}

fn make_header() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    // The folder, because of the modules.
    for source in ["core/src/status.rs", "src/ffi", "cbindgen.toml"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let mut config = match cbindgen::Config::from_file(root.join("cbindgen.toml")) {
        Ok(config) => config,
        Err(error) => return println!("cargo::error=cbindgen.toml: {error}"),
    };
    config.header = match std::fs::read_to_string(root.join("src/ffi/introduction.txt")) {
        Ok(text) => Some(as_comment(&text)),
        Err(error) => return println!("cargo::error=src/ffi/introduction.txt: {error}"),
    };
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let builder = cbindgen::Builder::new().with_config(config).with_after_include(version_macros(&version));
    let builder = SOURCES.iter().fold(builder, |builder, source| builder.with_src(root.join(source)));
    match builder.generate() {
        Ok(header) => {
            let mut text = Vec::new();
            header.write(&mut text);
            let text = with_parentheses(&String::from_utf8_lossy(&text));
            write_out("fio_c2c.h", &text);
        }
        Err(error) => println!("cargo::error=the header could not be made: {error}"),
    }
}

/// A line for each: name, retry, message, advice.
fn write_statuses() {
    let line = |row: &status::Description| {
        format!("{}\t{:?}\t{}\t{}\n", row.name, row.retry, row.summary, row.advice)
    };
    write_out("statuses.tsv", &status::DESCRIPTIONS.iter().map(line).collect::<String>());
}

fn write_out(name: &str, text: &str) {
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    if let Err(error) = std::fs::write(Path::new(&out).join(name), text) {
        println!("cargo::error={name} could not be written: {error}");
    }
}

fn as_comment(text: &str) -> String {
    let lines: String = text.lines().map(|line| format!(" * {line}").trim_end().to_owned() + "\n").collect();
    format!("/*\n{lines} */\n")
}

/// `#define X -1` becomes `#define X (-1)`: otherwise `y -X` would be something else.
fn with_parentheses(header: &str) -> String {
    let line = |line: &str| match line.rsplit_once(' ') {
        Some((define, value)) if define.starts_with("#define FIO_") && value.starts_with('-') => {
            format!("{define} ({value})")
        }
        _ => line.to_owned(),
    };
    header.lines().map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn version_macros(version: &str) -> String {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let [major, minor, patch] = [(); 3].map(|()| parts.next().unwrap_or(0));
    format!(
        r#"
/** Version of this header; see fio_version() for the library's. */
#define FIO_VERSION "{version}"
#define FIO_VERSION_MAJOR {major}
#define FIO_VERSION_MINOR {minor}
#define FIO_VERSION_PATCH {patch}
/** major * 65536 + minor * 256 + patch; see fio_version_number(). */
#define FIO_VERSION_NUMBER {number}

#if defined(_WIN32)
#define FIO_API __declspec(dllimport)
#elif defined(__GNUC__) || defined(__clang__)
#define FIO_API __attribute__((visibility("default")))
#else
#define FIO_API
#endif"#,
        number = major * 65536 + minor * 256 + patch,
    )
}
