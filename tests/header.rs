//! The committed header is the one the sources make, and it documents everything it declares.

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

/// The functions of the header with the comment that stands before each.
fn functions() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in COMMITTED.split("/**").skip(1) {
        let (comment, code) = part.split_once("*/").expect("comments end");
        if let Some(code) = code.trim_start().strip_prefix("FIO_API") {
            let declaration =
                code.split(';').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            found.push((declaration, comment.to_owned()));
        }
    }
    found
}

fn name_of(declaration: &str) -> &str {
    declaration.split('(').next().and_then(|before| before.split([' ', '*']).next_back()).unwrap_or_default()
}

#[test]
fn every_function_has_every_heading() {
    let functions = functions();
    assert_eq!(functions.len(), COMMITTED.matches("\nFIO_API\n").count());
    assert!(functions.len() >= 80);
    for (declaration, comment) in &functions {
        let name = name_of(declaration);
        let mut headings = vec!["Returns:", "Callbacks:", "Blocking:", "Since:"];
        // The thread rule of the builders stands at fio_config and fio_upload themselves.
        let parameters = declaration.split_once('(').map_or("", |(_, parameters)| parameters);
        let is_of_builder = ["struct fio_config *", "struct fio_upload *"]
            .iter()
            .any(|builder| parameters.trim_start_matches("const ").starts_with(builder));
        if !is_of_builder {
            headings.push("Threads:");
        }
        if declaration.contains("fio_op *op") {
            headings.push("Ends with:");
        }
        for heading in headings {
            assert!(comment.contains(heading), "{name} does not say {heading}");
        }
    }
}

#[test]
fn every_parameter_is_described() {
    for (declaration, comment) in functions() {
        let parameters = declaration
            .split_once('(')
            .and_then(|(_, rest)| rest.rsplit_once(')'))
            .map(|(inside, _)| inside)
            .unwrap_or_default();
        for parameter in parameters.split(',').filter(|parameter| parameter.trim() != "void") {
            let parameter = parameter.split([' ', '*']).next_back().unwrap_or_default();
            let described =
                comment.split("@param").skip(1).any(|text| text.split_whitespace().next() == Some(parameter));
            assert!(described, "{}: {parameter} is not described", name_of(&declaration));
        }
    }
}

#[test]
fn every_status_named_in_a_comment_exists() {
    for word in COMMITTED.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
        if word.starts_with("FIO_E_")
            && word.len() > "FIO_E_".len()
            && !["FIO_E_UNKNOWN", "FIO_E_TLS"].contains(&word)
        {
            assert!(COMMITTED.contains(&format!("#define {word} ")), "{word} is not defined");
        }
    }
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../examples-c/pair.c").trim_end()), "README.md: pair.c differs");
}
