//! What every command needs of its surroundings: output, progress, and whether a signal asked to stop.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use tracing_subscriber::filter::LevelFilter;

use super::escape::visible_lines;
use super::failure::{Failure, Status};

/// Surroundings of a command.
pub struct Context {
    /// Raised by every signal that asks to stop.
    stop: Arc<AtomicBool>,
    /// Raised by the time-limit signal.
    time_limit: Arc<AtomicBool>,
}

impl Context {
    /// Starts to listen for signals. SIGINT and SIGTERM: the first asks to stop, the second ends the program at once.
    /// SIGUSR1, which batch systems send before a time limit, asks to stop and never ends the program, so that a SIGTERM that
    /// follows it still waits for the batch in hand. `verbosity` counts the `-v`.
    pub fn new(verbosity: u8) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let time_limit = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag still down.
            let end = Status::Interrupted as i32;
            signal_hook::flag::register_conditional_shutdown(signal, end, Arc::clone(&asked))?;
            signal_hook::flag::register(signal, Arc::clone(&asked))?;
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        #[cfg(unix)]
        for flag in [&time_limit, &stop] {
            signal_hook::flag::register(signal_hook::consts::signal::SIGUSR1, Arc::clone(flag))?;
        }
        // A write beyond the limit of file sizes then is an error with a sentence instead of the end.
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::signal::SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        log(verbosity);
        Ok(Self { stop, time_limit })
    }

    /// Whether a signal asked to stop.
    pub fn interrupted(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Whether it was the time-limit signal: what can be resumed then ends with status 75.
    pub fn time_limit(&self) -> bool {
        self.time_limit.load(Ordering::Relaxed)
    }

    /// The flag that a signal raises, for loops that run elsewhere.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Ends the command with status 130 after a signal. Call between batches.
    pub fn check(&self) -> Result<(), Failure> {
        if self.interrupted() { Err(Failure::interrupted()) } else { Ok(()) }
    }

    /// The result of work that does not look at signals itself; a signal ends the command without waiting for it.
    pub fn wait<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let (send, result) = mpsc::channel();
        // Where nobody waits any more the program is about to end, and the result with it.
        let answer = move || {
            send.send(work()).ok();
        };
        if let Err(answer) = eoc_ntk::threads::spawn(answer) {
            // Without a thread for it the work is done here, and a signal heard when it is done.
            answer();
        }
        loop {
            match result.recv_timeout(Duration::from_millis(20)) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => self.check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::running(anyhow::Error::msg(
                        "a computation broke down; this is a fault of eoc",
                    )));
                }
            }
        }
    }

    /// Writes text for people to stdout, what a terminal would act on escaped; a closed pipe ends the program quietly.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        self.write(&visible_lines(text))
    }

    /// Writes text for programs to stdout, as it is; a closed pipe ends the program quietly.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::stdout)
    }

    /// Writes a note to stderr, what a terminal would act on escaped.
    pub fn note(&self, text: &str) {
        note(text);
    }

    /// A progress bar on stderr with the time to go, over `total` items called `unit`; hidden unless stderr is a
    /// terminal.
    pub fn progress(&self, total: u64, unit: &str) -> ProgressBar {
        if !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let template = format!("{{bar:40}} {{pos}}/{{len}} {unit}, {{elapsed}} gone, {{eta}} to go {{msg}}");
        match ProgressStyle::with_template(&template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

/// Writes a note to stderr where no [`Context`] is at hand.
pub fn note(text: &str) {
    // Nothing is left to do where stderr is closed.
    let _ = std::io::stderr().write_all(visible_lines(text).as_bytes());
}

/// What the program decides goes to stderr for one `-v`, what it does for two.
fn log(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_ansi(false).init();
}
