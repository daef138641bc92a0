#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use fio_emulator::cli::{Arguments, Command, Options, Run};
use fio_emulator::run::{self, Running};
use fio_emulator::scenario::script::Scenario;
use fio_emulator::scenario::{self, builtin, words};
use fio_emulator::trouble::say;
use tokio::signal::unix::{SignalKind, signal};

/// What was asked for cannot be done as it was asked.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        None => in_runtime(async { serve(&arguments.options).await.map(|()| ExitCode::SUCCESS) }),
        Some(Command::Scenarios { show }) => list(show.as_deref()),
        Some(Command::Run(run)) => match named(&run.scenarios) {
            Ok(scenarios) => in_runtime(async { play(&run, &scenarios).await }),
            Err(why) => fail(&why, ExitCode::from(WRONG_USAGE)),
        },
    }
}

fn in_runtime(work: impl Future<Output = io::Result<ExitCode>>) -> ExitCode {
    // As many as the system allows without asking anybody. If it fails, fewer connections are served at once.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string(), ExitCode::FAILURE),
    };
    let result = runtime.block_on(work);
    // Stalled requests never finish by themselves.
    runtime.shutdown_background();
    result.unwrap_or_else(|error| fail(&error.to_string(), ExitCode::FAILURE))
}

async fn serve(options: &Options) -> io::Result<()> {
    let running = begin(options).await?;
    running.stopped().await;
    running.leave()
}

async fn play(run: &Run, scenarios: &[Arc<Scenario>]) -> io::Result<ExitCode> {
    let running = begin(&run.options).await?;
    let have_passed = scenario::run::play(&running, run, scenarios).await;
    running.emulator.shut_down();
    running.stopped().await;
    running.leave()?;
    Ok(if have_passed? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts to serve and says so; a signal ends it from then on.
async fn begin(options: &Options) -> io::Result<Running> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = run::start(options).await?;
    if options.exit_with_stdin {
        run::stop_with_stdin(&running.emulator);
    }
    if let Some(warning) = options.warning() {
        say(format_args!("WARNING: {warning}"));
    }
    if let Some(page) = running.page() {
        say(format_args!("The page, for anybody who is to use it: {page}"));
    }
    let emulator = Arc::clone(&running.emulator);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        emulator.shut_down();
    });
    print(&format!("{}\n", running.ready_line()))?;
    Ok(running)
}

fn named(names: &[String]) -> Result<Vec<Arc<Scenario>>, String> {
    let all = names.iter().map(|name| builtin::named(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(all.concat())
}

fn list(show: Option<&str>) -> ExitCode {
    let text = match show {
        None => builtin::ALL.iter().map(|scenario| words::line(scenario) + "\n").collect(),
        Some(name) => match builtin::FILES.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => (*text).to_owned(),
            None => return fail(&format!("there is no scenario {name}"), ExitCode::from(WRONG_USAGE)),
        },
    };
    match print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string(), ExitCode::FAILURE),
    }
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn fail(why: &str, code: ExitCode) -> ExitCode {
    say(why);
    code
}
