//! The committed header and its description are what the sources make.

const COMMITTED: &str = include_str!("../include/fio_c2c.h");
const MADE: &str = include_str!(concat!(env!("OUT_DIR"), "/fio_c2c.h"));

#[test]
fn the_committed_header_is_current() {
    let differs = COMMITTED.lines().zip(MADE.lines()).position(|(committed, made)| committed != made);
    assert!(
        COMMITTED == MADE,
        "include/fio_c2c.h is out of date (first difference near line {:?}): run `make header`",
        differs.map(|line| line + 1)
    );
}

/// Its other half, what the header says, is compared in `tests/c/test_header.py`.
#[test]
fn the_description_has_the_librarys_texts() {
    let described = include_str!("../include/fio_c2c.json");
    for row in include_str!(concat!(env!("OUT_DIR"), "/statuses.tsv")).lines() {
        let [name, retry, message, advice] = row.split('\t').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let (_, found) = described.split_once(&format!("\"name\": \"{name}\"")).unwrap_or_default();
        let found = found.split('}').next().unwrap_or_default();
        for said in [retry, message, advice] {
            assert!(
                found.contains(&format!(": \"{said}\"")),
                "include/fio_c2c.json, {name}: run `make header`"
            );
        }
    }
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../examples-c/pair.c").trim_end()), "README.md: pair.c differs");
}
