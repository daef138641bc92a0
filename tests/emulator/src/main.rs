#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use fio_emulator::cli::Options;
use fio_emulator::run;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let result = runtime.block_on(serve(&options));
    // Stalled requests never finish by themselves.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

async fn serve(options: &Options) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = run::start(options).await?;
    if options.exit_with_stdin {
        run::stop_with_stdin(&running.emulator);
    }
    if let Some(warning) = options.warning() {
        eprintln!("fio-emulator: WARNING: {warning}");
    }
    announce(&running.ready_line().to_string())?;
    let signalled = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        running.emulator.shut_down();
    };
    tokio::select! {
        () = running.stopped() => {}
        () = async { signalled.await; running.stopped().await } => {}
    }
    running.leave()
}

fn announce(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn fail(error: &io::Error) -> ExitCode {
    eprintln!("fio-emulator: {error}");
    ExitCode::FAILURE
}
