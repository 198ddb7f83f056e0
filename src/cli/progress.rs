//! How far a command is, on stderr: a bar on a terminal, lines in the log of a batch job.
//!
//! A [`Meter`] is told what is done; a thread of its own shows it, twice a second, so that the time to go runs on while
//! one long sample is drawn. The share counts cost, not samples. What is shown is a function of an [`Account`] and of
//! the time since the start alone; when a line is due, [`Beat`] says.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::escape::visible;
use super::units::{counted, duration};

/// Between two lines, and before the first where nobody asked for lines.
const PERIOD: Duration = Duration::from_secs(30);
/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(500);
/// Steps of the bar.
const STEPS: u64 = 1000;

/// What `--progress` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// One line of the terminal, drawn again and again.
    Bar,
    /// A line at once, then one every 30 s.
    Lines,
    /// Nothing.
    None,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As a bar.
    Bar,
    /// As lines, the first after this time.
    Lines(Duration),
    /// Not at all.
    Nothing,
}

impl Shown {
    /// What is asked for, or what suits stderr: a bar on a terminal, and elsewhere lines, none of them in the first 30
    /// s. A bar that is asked for where it cannot be drawn is lines.
    pub fn of(asked: Option<Mode>, quiet: bool, terminal: bool) -> Self {
        match asked {
            _ if quiet => Self::Nothing,
            Some(Mode::None) => Self::Nothing,
            None | Some(Mode::Bar) if terminal => Self::Bar,
            Some(Mode::Bar | Mode::Lines) => Self::Lines(Duration::ZERO),
            None => Self::Lines(PERIOD),
        }
    }
}

impl Shown {
    /// The same without a line before some time has passed.
    pub fn patient(self) -> Self {
        match self {
            Self::Lines(_) => Self::Lines(PERIOD),
            other => other,
        }
    }
}

/// What is known of the work at the last report.
#[derive(Clone, Debug, Default, PartialEq)]
struct Account {
    /// What is worked on, and where it goes.
    name: String,
    /// What is counted, such as `sample`.
    unit: &'static str,
    done: u64,
    total: u64,
    /// Share of the cost that is done, 0 to 1; None where nobody knows how much there is.
    share: Option<f64>,
    /// Time to go at the report.
    to_go: Option<Duration>,
    /// Such as `cell 2 of 9`; may be empty.
    detail: String,
    /// Since the start, when it was reported.
    at: Duration,
}

impl Account {
    /// The account some time after the start: what matters most stands first, since a narrow terminal cuts the end.
    fn text(&self, now: Duration) -> String {
        // All is never said before it is done.
        let detail = if self.detail.is_empty() { String::new() } else { format!(", {}", self.detail) };
        let Some(share) = self.share else {
            return format!("{}{detail}, {}", counted(self.done, self.unit), self.name);
        };
        let percent = if self.done < self.total { (100.0 * share).floor().clamp(0.0, 99.0) } else { 100.0 };
        let to_go = match self.to_go {
            _ if self.done >= self.total && self.total > 0 => String::new(),
            Some(then) => {
                let left = (then + self.at).saturating_sub(now).as_secs_f64();
                // Half seconds are none: the account is told twice a second.
                format!(", about {} to go", duration(left.ceil().max(1.0)))
            }
            None => String::new(),
        };
        let of = counted(self.total, self.unit);
        format!("{percent} %{to_go}, {} of {of}{detail}, {}", self.done, self.name)
    }

    /// The account for a bar: where nothing is known of the time to go, how long it has been, so that it moves.
    fn moving(&self, now: Duration) -> String {
        let since = now.as_secs_f64().floor();
        match self.to_go {
            None if since > 0.0 && self.done < self.total => {
                let text = self.text(now);
                let (share, rest) = text.split_once(", ").unwrap_or((&text, ""));
                format!("{share}, for {}, {rest}", duration(since))
            }
            _ => self.text(now),
        }
    }

    /// The account as a line of a log.
    fn line(&self, now: Duration) -> String {
        format!("eoc: after {}: {}\n", duration(now.as_secs_f64().floor()), visible(&self.text(now)))
    }
}

/// When a line is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beat {
    next: Duration,
}

impl Beat {
    fn due(&mut self, now: Duration) -> bool {
        let due = now >= self.next;
        if due {
            // On the beat again after a long pause, and never two lines at once.
            while self.next <= now {
                self.next += PERIOD;
            }
        }
        due
    }
}

/// What shows an account.
enum Face {
    /// With when it was last drawn.
    Bar(ProgressBar, Duration),
    /// With what the last line said.
    Lines(Beat, Option<Account>),
}

impl Face {
    fn show(&mut self, account: &Account, now: Duration) {
        match self {
            // Small pieces come by the thousand.
            Self::Bar(_, drawn) if now < *drawn + TICK / 4 && account.done > 0 => {}
            Self::Bar(bar, drawn) => {
                *drawn = now;
                bar.set_position((account.share.unwrap_or(0.0) * STEPS as f64) as u64);
                bar.set_message(visible(&account.moving(now)));
                bar.tick();
            }
            Self::Lines(beat, said) => {
                if beat.due(now) {
                    say(&account.line(now));
                    *said = Some(account.clone());
                }
            }
        }
    }

    /// The bar goes; lines that were begun end with what was reached.
    fn end(&self, account: &Account, now: Duration) {
        match self {
            Self::Bar(bar, _) => bar.finish_and_clear(),
            Self::Lines(_, Some(said)) if said.done != account.done => say(&account.line(now)),
            Self::Lines(..) => {}
        }
    }
}

fn say(line: &str) {
    // Nothing is left to do where stderr is closed.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// What the meter and its thread share; the face is gone when the work is over.
struct Shared {
    state: Mutex<(Option<Face>, Account)>,
    over: Condvar,
    start: Instant,
}

impl Shared {
    fn show(&self, change: impl FnOnce(&mut Account, Duration)) {
        let Ok(mut state) = self.state.lock() else { return };
        let now = self.start.elapsed();
        let (face, account) = &mut *state;
        change(account, now);
        if let Some(face) = face {
            face.show(account, now);
        }
    }

    /// Shows the account until the work is over.
    fn watch(&self) {
        let Ok(mut state) = self.state.lock() else { return };
        while state.0.is_some() {
            let Ok((woken, _)) = self.over.wait_timeout(state, TICK) else { return };
            state = woken;
            // Before the first report there is nothing to say.
            if let (Some(face), account @ Account { total: 1.., .. }) = &mut *state {
                face.show(account, self.start.elapsed());
            }
        }
    }
}

/// Shows how far a piece of work is until it is dropped.
pub struct Meter {
    shared: Option<Arc<Shared>>,
    /// Cost done and in all, for work that is reported piece by piece.
    cost: (f64, f64),
    counts: (u64, u64),
}

impl Meter {
    /// A meter of work by this name, that counts these units; it says nothing before the first report.
    pub fn new(shown: Shown, name: String, unit: &'static str) -> Self {
        let face = match shown {
            Shown::Nothing => None,
            Shown::Lines(first) => Some(Face::Lines(Beat { next: first }, None)),
            Shown::Bar => Some(Face::Bar(bar(), Duration::ZERO)),
        };
        let shared = face.map(|face| {
            let account = Account { name, unit, ..Account::default() };
            let state = Mutex::new((Some(face), account));
            Arc::new(Shared { state, over: Condvar::new(), start: Instant::now() })
        });
        if let Some(shared) = shared.clone() {
            // Where the system starts no thread for it, it is shown when something is reported.
            let _ = crate::threads::spawn(move || shared.watch());
        }
        Self { shared, cost: (0.0, 0.0), counts: (0, 0) }
    }

    /// Of `total` units that cost this much together, in any unit.
    pub fn over(mut self, total: u64, cost: f64) -> Self {
        (self.cost, self.counts) = ((0.0, cost), (0, total));
        self.report(0, total, Some(0.0), None, String::new());
        self
    }

    /// Some more units are done, which cost this much.
    pub fn advance(&mut self, units: u64, cost: f64) {
        self.counts.0 += units;
        self.cost.0 += cost;
        let share = if self.cost.1 > 0.0 { (self.cost.0 / self.cost.1).min(1.0) } else { 1.0 };
        let spent = self.shared.as_ref().map_or(0.0, |shared| shared.start.elapsed().as_secs_f64());
        let to_go = Duration::try_from_secs_f64(spent * (1.0 - share) / share).ok();
        self.report(self.counts.0, self.counts.1, Some(share), to_go, String::new());
    }

    /// What is done: `done` of `total` units, this share of the cost, where it is known.
    pub fn report(&self, done: u64, total: u64, share: Option<f64>, to_go: Option<Duration>, detail: String) {
        if let Some(shared) = &self.shared {
            shared.show(|account, at| {
                *account = Account {
                    name: std::mem::take(&mut account.name),
                    unit: account.unit,
                    done,
                    total,
                    share,
                    to_go,
                    detail,
                    at,
                };
            });
        }
    }

    /// The bar, where there is one.
    pub fn bar(&self) -> Option<ProgressBar> {
        let state = self.shared.as_ref()?.state.lock().ok()?;
        match &state.0 {
            Some(Face::Bar(bar, _)) => Some(bar.clone()),
            _ => None,
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let Some(shared) = &self.shared else { return };
        let Ok(mut state) = shared.state.lock() else { return };
        if let Some(face) = state.0.take() {
            face.end(&state.1, shared.start.elapsed());
        }
        drop(state);
        shared.over.notify_all();
    }
}

/// A bar over the cost, and what is said beside it as far as the terminal is wide.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("[{bar:16}] {wide_msg}") {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    fn account() -> Account {
        Account {
            name: "study width in runs/w".into(),
            unit: "sample",
            done: 900,
            total: 1000,
            share: Some(0.125),
            to_go: Some(seconds(100)),
            detail: "cell 2 of 3".into(),
            at: seconds(10),
        }
    }

    #[test]
    fn the_share_is_of_the_cost_and_the_time_to_go_runs_on_between_reports() {
        let account = account();
        let rest = "900 of 1000 samples, cell 2 of 3, study width in runs/w";
        assert_eq!(account.text(seconds(10)), format!("12 %, about 100 s to go, {rest}"));
        assert_eq!(account.text(seconds(11)), format!("12 %, about 99 s to go, {rest}"));
        assert_eq!(account.text(seconds(500)), format!("12 %, about 1 s to go, {rest}"));
        assert_eq!(account.line(seconds(90)), format!("eoc: after 90 s: 12 %, about 20 s to go, {rest}\n"));
        let first = Account {
            to_go: None,
            done: 0,
            share: Some(0.0),
            total: 1,
            detail: String::new(),
            ..account.clone()
        };
        assert_eq!(first.text(seconds(3)), "0 %, 0 of 1 sample, study width in runs/w");
        // On a bar it moves by the second.
        assert_eq!(first.moving(seconds(3)), "0 %, for 3 s, 0 of 1 sample, study width in runs/w");
        assert_eq!(first.moving(seconds(0)), first.text(seconds(0)));
        assert_eq!(account.moving(seconds(11)), account.text(seconds(11)));
        // Rounding of a sum of costs never says that all is done, nor that it is not.
        let nearly = Account { done: 999, share: Some(1.0), ..account.clone() };
        assert!(nearly.text(seconds(10)).starts_with("99 %, "));
        let all = Account { done: 1000, share: Some(1.0), ..account };
        let open = Account { share: None, ..all.clone() };
        assert_eq!(open.text(seconds(12)), "1000 samples, cell 2 of 3, study width in runs/w");
        assert_eq!(all.text(seconds(12)), format!("100 %, {}", rest.replace("900 of", "1000 of")));
    }

    #[test]
    fn a_log_hears_nothing_for_30_seconds_and_then_a_line_every_30() {
        let heard = |first: Duration| -> Vec<u64> {
            let mut beat = Beat { next: first };
            (0..=240).filter(|half| beat.due(TICK * *half)).map(|half| u64::from(half) / 2).collect()
        };
        assert_eq!(heard(PERIOD), [30, 60, 90, 120]);
        assert_eq!(heard(Duration::ZERO), [0, 30, 60, 90, 120]);
        // A machine that slept says it once.
        let mut beat = Beat { next: PERIOD };
        assert!(beat.due(seconds(1000)) && !beat.due(seconds(1001)) && beat.due(seconds(1020)));
    }

    #[test]
    fn what_is_asked_for_wins_over_what_suits_stderr() {
        let at_once = Shown::Lines(Duration::ZERO);
        for (asked, terminal, other) in [
            (None, Shown::Bar, Shown::Lines(PERIOD)),
            (Some(Mode::Bar), Shown::Bar, at_once),
            (Some(Mode::Lines), at_once, at_once),
            (Some(Mode::None), Shown::Nothing, Shown::Nothing),
        ] {
            assert_eq!(Shown::of(asked, false, true), terminal, "{asked:?}");
            assert_eq!(Shown::of(asked, false, false), other, "{asked:?}");
            assert_eq!(Shown::of(asked, true, true), Shown::Nothing, "{asked:?}");
        }
    }

    #[test]
    fn pieces_of_different_cost_move_the_share_by_their_cost() {
        let mut meter = Meter::new(Shown::Lines(seconds(1000)), "x".into(), "kernel").over(4, 10.0);
        meter.advance(1, 1.0);
        meter.advance(2, 1.5);
        let shared = meter.shared.clone().unwrap();
        let account = shared.state.lock().unwrap().1.clone();
        assert_eq!((account.done, account.total, account.share), (3, 4, Some(0.25)));
        assert!(account.to_go.is_some());
        drop(meter);
        assert!(shared.state.lock().unwrap().0.is_none(), "its thread is told that the work is over");
    }
}
