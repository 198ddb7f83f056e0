//! What every command needs of its surroundings: output, progress, and whether a signal asked to stop.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use indicatif::ProgressBar;
use signal_hook::consts::{SIGINT, SIGTERM};
use tracing_subscriber::filter::LevelFilter;

use super::escape::{Escaped, visible_lines};
use super::failure::{Failure, Status};
use super::progress::{Meter, Mode, Shown};
use crate::backend::Stop;

/// Whether notes are kept back. For all of the program, as stderr is: data are read, and noted, without a [`Context`].
static QUIET: AtomicBool = AtomicBool::new(false);

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Default)]
pub struct Speech {
    /// How many `-v`.
    pub verbosity: u8,
    /// Neither progress nor notes.
    pub quiet: bool,
    /// How progress is shown, where it was said.
    pub progress: Option<Mode>,
}

/// How the program was called.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The path by which another process starts it, where that is not the running executable.
    pub program: Option<PathBuf>,
    /// What was typed behind its name.
    pub words: Vec<String>,
}

/// Surroundings of a command.
pub struct Context {
    call: Call,
    /// Raised by every signal that asks to stop.
    flag: Arc<AtomicBool>,
    stop: Stop,
    /// Raised by the time-limit signal.
    time_limit: Arc<AtomicBool>,
    notice: Arc<Notice>,
    progress: Shown,
}

/// What the first Ctrl-C is answered with, once, on stderr.
pub(super) struct Notice {
    /// Raised by Ctrl-C and SIGTERM.
    asked: Arc<AtomicBool>,
    told: Once,
    /// What becomes of the work in hand.
    consequence: Mutex<&'static str>,
    /// What is drawn on the terminal meanwhile.
    bar: Mutex<Option<ProgressBar>>,
}

impl Notice {
    /// Says it, if it was asked for and not yet said.
    pub(super) fn tell(&self) {
        if !self.asked.load(Ordering::Relaxed) {
            return;
        }
        self.told.call_once(|| {
            let consequence = self.consequence.lock().map_or("", |text| *text);
            let text = format!("eoc: stopping{consequence}; a second Ctrl-C ends at once\n");
            // Nothing is left to do where stderr is closed.
            let write = || drop(std::io::stderr().write_all(text.as_bytes()));
            match self.bar.lock().ok().and_then(|bar| bar.clone()) {
                Some(bar) => bar.suspend(write),
                None => write(),
            }
        });
    }
}

impl Context {
    /// Starts to listen for signals. SIGINT and SIGTERM: the first asks to stop, the second ends the program at once.
    /// SIGUSR1, which batch systems send before a time limit, asks to stop and never ends the program, so that a
    /// SIGTERM that follows it still lets it end in order.
    pub fn new(speech: Speech, call: Call) -> std::io::Result<Self> {
        let Speech { verbosity, quiet, progress } = speech;
        QUIET.store(quiet, Ordering::Relaxed);
        let flag = Arc::new(AtomicBool::new(false));
        let time_limit = Arc::new(AtomicBool::new(false));
        let notice = Arc::new(Notice {
            asked: Arc::default(),
            told: Once::new(),
            consequence: Mutex::new(""),
            bar: Mutex::new(None),
        });
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag still down.
            let end = Status::Interrupted as i32;
            signal_hook::flag::register_conditional_shutdown(signal, end, Arc::clone(&notice.asked))?;
            signal_hook::flag::register(signal, Arc::clone(&notice.asked))?;
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
        #[cfg(unix)]
        for flag in [&time_limit, &flag] {
            signal_hook::flag::register(signal_hook::consts::signal::SIGUSR1, Arc::clone(flag))?;
        }
        // A write beyond the limit of file sizes then is an error with a sentence instead of the end.
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::signal::SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        listen(&notice)?;
        log(verbosity);
        let stop = Stop::from(Arc::clone(&flag));
        // A terminal that cannot move its cursor, such as an editor's, is written to as a log is.
        let terminal =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Ok(Self { call, flag, stop, time_limit, notice, progress: Shown::of(progress, quiet, terminal) })
    }

    /// What was typed behind the name of the program.
    pub fn words(&self) -> &[String] {
        &self.call.words
    }

    /// The path by which another process starts this program.
    pub fn program(&self) -> std::io::Result<PathBuf> {
        self.call.program.clone().map_or_else(std::env::current_exe, Ok)
    }

    /// What becomes of the work in hand at the first Ctrl-C, such as `: nothing is written`.
    pub fn on_stop(&self, consequence: &'static str) {
        if let Ok(mut text) = self.notice.consequence.lock() {
            *text = consequence;
        }
    }

    /// Whether it was the time-limit signal: what can be resumed then ends with status 75.
    pub fn time_limit(&self) -> bool {
        self.time_limit.load(Ordering::Relaxed)
    }

    /// The flag that this signal raises, for what runs elsewhere.
    pub fn time_limit_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.time_limit)
    }

    /// The request to stop that a signal makes, for work that looks at it.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// The flag that a signal raises, for loops that run elsewhere.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.flag)
    }

    /// What answers the first Ctrl-C.
    pub(super) fn notice(&self) -> Arc<Notice> {
        Arc::clone(&self.notice)
    }

    /// Answers the first Ctrl-C, where the thread that does so has not come to it: the last words of the program come
    /// after it.
    pub fn tell(&self) {
        self.notice.tell();
    }

    /// Ends the command with status 130 after a signal. Call between batches.
    pub fn check(&self) -> Result<(), Failure> {
        if self.stop.is_raised() { Err(Failure::interrupted()) } else { Ok(()) }
    }

    /// The result of work that does not look at signals itself; a signal ends the command without waiting for it.
    pub fn wait<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let (send, result) = mpsc::channel();
        // Where nobody waits any more the program is about to end, and the result with it.
        let answer = move || {
            send.send(work()).ok();
        };
        if let Err(answer) = crate::threads::spawn(answer) {
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

    /// Writes an account of work that goes on, or whose results lie elsewhere, to stdout: where nobody reads it any
    /// more the work is done all the same.
    pub fn account(&self, text: &str) -> Result<(), Failure> {
        match self.print(text) {
            Err(Failure { error: None, .. }) => Ok(()),
            result => result,
        }
    }

    /// Writes text for programs to stdout, as it is but on a terminal; a closed pipe ends the program quietly.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let write = || {
            let mut out = Escaped::of(std::io::stdout().lock());
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::stdout)
        };
        // On one terminal with the text, a bar makes way for it.
        let bar = self.notice.bar.lock().ok().and_then(|bar| bar.clone());
        bar.filter(|bar| !bar.is_finished()).map_or_else(write, |bar| bar.suspend(write))
    }

    /// Writes a note to stderr, what a terminal would act on escaped; nothing where quiet was asked for.
    pub fn note(&self, text: &str) {
        note(text);
    }

    /// Shows on stderr that work goes on which does not say how far it is: a bar at once, a line in a log where it
    /// takes long.
    pub fn waiting(&self, name: String, unit: &'static str, total: u64) -> Meter {
        self.shown(self.progress.patient(), name, unit).over(total, 1.0)
    }

    /// Shows on stderr how far a piece of work is, in the way that was asked for. `name` is what it is and where it
    /// goes; it counts units such as `sample`.
    pub fn progress(&self, name: String, unit: &'static str) -> Meter {
        self.shown(self.progress, name, unit)
    }

    fn shown(&self, how: Shown, name: String, unit: &'static str) -> Meter {
        let meter = Meter::new(how, name, unit);
        if let (Ok(mut shown), bar @ Some(_)) = (self.notice.bar.lock(), meter.bar()) {
            *shown = bar;
        }
        meter
    }
}

/// Writes a note to stderr where no [`Context`] is at hand.
pub fn note(text: &str) {
    if QUIET.load(Ordering::Relaxed) {
        return;
    }
    // Nothing is left to do where stderr is closed.
    let _ = std::io::stderr().write_all(visible_lines(text).as_bytes());
}

/// Answers the first Ctrl-C from a thread of its own, whatever the command is at. Where the system starts no thread for
/// it, the answer comes with the last words of the program.
#[cfg(unix)]
fn listen(notice: &Arc<Notice>) -> std::io::Result<()> {
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let notice = Arc::clone(notice);
    let answer = move || {
        if signals.forever().next().is_some() {
            notice.tell();
        }
    };
    let _ = std::thread::Builder::new().name("eoc-signals".to_owned()).spawn(answer);
    Ok(())
}

/// Where signals cannot be waited for, the flag is looked at.
#[cfg(not(unix))]
fn listen(notice: &Arc<Notice>) -> std::io::Result<()> {
    let notice = Arc::clone(notice);
    let answer = move || {
        while !notice.told.is_completed() {
            std::thread::sleep(Duration::from_millis(100));
            notice.tell();
        }
    };
    let _ = std::thread::Builder::new().name("eoc-signals".to_owned()).spawn(answer);
    Ok(())
}

/// What the program decides goes to stderr for one `-v`, what it does for two.
fn log(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).with_ansi(false);
    // A process that calls the program twice has its log already.
    drop(log.try_init());
}
