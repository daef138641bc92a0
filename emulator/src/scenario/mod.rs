//! Scenarios: certification sessions as data. A [`mod@file`] is read into a [`script`]; a [`player`] goes through
//! it, told what happens; the [`stage`] does to the emulator what its steps say, and an [`operator`] what they
//! ask for at the device.

pub mod builtin;
pub mod file;
pub mod operator;
pub mod person;
pub mod player;
pub mod playing;
pub mod run;
pub mod script;
pub mod stage;
pub mod words;
