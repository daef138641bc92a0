//! Uploads, and what must hold of them.
//!
//! | file | what is inside |
//! | --- | --- |
//! | `watch.rs` | what must hold of all that leaves and comes back |
//! | `telling.rs` | what must hold of all that is told |
//! | `restarts.rs` | what must hold over restarts and power cuts |
//! | `judge.rs` | how uploads must have ended |
//! | `tracked.rs` | what is known of one upload from outside |
//! | `app.rs`, `life.rs` | what an application does with uploads, and what happens to it |
//! | `course.rs` | the course of one upload, for the tests of single cases |
//! | `log_lines.rs` | what no line of the log may say |
//! | the rest | the tests; `lives.rs` is the one with many seeds |

pub mod app;
mod assets;
mod course;
mod judge;
mod life;
mod log_lines;
mod restarts;
mod telling;
mod tracked;
pub mod watch;

mod forged;
mod lives;
mod projects;
mod recordings;
mod rest;
mod scale;
mod stores;
mod tags;
mod whole_files;
