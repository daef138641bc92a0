//! Another library made with Rust, in the same program: it panics, allocates, starts a thread and prints to itself.

use std::collections::HashMap;

#[unsafe(no_mangle)]
pub extern "C" fn neighbour_works() -> i32 {
    let counted = std::thread::spawn(|| {
        let mut lengths = HashMap::new();
        for word in format!("{} {}", "one", 2.5).split_whitespace() {
            lengths.insert(word.to_owned(), word.len());
        }
        lengths.len()
    });
    match counted.join() {
        Ok(2) => 0,
        _ => 1,
    }
}

/// Only where panics unwind: 0 if its own panic came back to it.
#[unsafe(no_mangle)]
pub extern "C" fn neighbour_catches() -> i32 {
    if cfg!(panic = "abort") {
        return 0;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| {
        let nothing: Vec<i32> = Vec::new();
        nothing[std::env::args().count() + 1]
    });
    i32::from(caught.is_ok())
}
