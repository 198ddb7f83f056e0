//! One kind of network after another is asked, from a run directory where there is one.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::clock::Clock;
use super::{Args, Found, Stop, words};
use crate::answer::{
    self, Answer, Cell, CellError, DrawError, Draws, Networks, NoAnswer, Progress, Question,
};
use crate::backend::{DeviceInfo, Engine, EngineError};
use crate::cli::context::Context;
use crate::cli::failure::{Failure, Status};
use crate::cli::refused;
use crate::cli::session::session;
use crate::cli::stored;
use crate::data::DataSet;
use crate::study::kept::{Kept, KeptError};
use crate::study::questions::QuestionsError;
use crate::study::questions::WidthAnswer;

/// What is the same for all kinds.
pub struct Asking<'a> {
    pub args: &'a Args,
    pub engine: &'a dyn Engine,
    pub data: &'a DataSet,
    pub asked: &'a Question,
    pub ctx: &'a Context,
    /// When to give up.
    pub clock: Clock,
    /// Networks that were drawn and kept in the run directory.
    pub added: Arc<AtomicU64>,
    /// What the networks of the kind in hand have shown.
    pub known: Known,
}

/// Shared with who ends the process in a step that cannot be broken off.
pub type Known = Arc<Mutex<Option<Progress>>>;

impl Asking<'_> {
    /// Asks of every kind, until it is stopped; refuses what has no answer before anything is drawn.
    pub fn all(&self, cells: Vec<Cell>) -> Result<(Vec<Found>, Stop), Failure> {
        let Self { args, ctx, .. } = self;
        let mut before = None;
        for cell in &cells {
            let networks = self.networks(cell)?;
            networks.question(self.asked).map_err(Failure::unusable)?;
            if args.out.is_some() {
                let kept = self.kept(cell, networks)?;
                before = before.or_else(|| kept.before().map(str::to_owned));
            }
        }
        if let (Some(study), Some(out)) = (before, &args.out) {
            ctx.note(&format!(
                "eoc: {} holds the study {study}: its rows stay, and its study.toml will ask for these networks; give \
                 the study again to extend it\n",
                out.display()
            ));
        }
        let place = args.out.as_ref().map_or_else(String::new, |out| format!(" in {}", out.display()));
        let meter = ctx.progress(format!("width of {}{place}", self.data.label()), "network");
        let kinds = cells.len();
        let (mut found, mut stopped) = (Vec::new(), Stop::Not);
        for (index, cell) in cells.into_iter().enumerate() {
            let before = found.iter().map(|f: &Found| f.answer.networks).sum::<u64>();
            let mut observe = |progress: &Progress| {
                let drawn = before + progress.networks;
                let kind = if kinds > 1 { format!("kind {} of {kinds}, ", index + 1) } else { String::new() };
                meter.report(drawn, drawn, None, None, kind + &words::so_far(progress));
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(*progress);
                stopped = self.stopped();
                if stopped == Stop::Not { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let one = self.one(cell, &mut observe)?;
            let Answer { networks, low, high, .. } = one.answer;
            tracing::info!(networks, "m_low {low} m_high {high:?}");
            found.push(one);
            if stopped == Stop::Not {
                // The seeds in hand were given up, and nobody was asked.
                stopped = self.stopped();
            }
            if stopped != Stop::Not {
                break;
            }
        }
        Ok((found, stopped))
    }

    /// What breaks off the drawing.
    fn stopped(&self) -> Stop {
        match (self.ctx.stop().is_raised(), self.clock.is_over()) {
            (true, _) => Stop::Signal,
            (false, true) => Stop::Time,
            (false, false) => Stop::Not,
        }
    }

    fn one(
        &self,
        cell: Cell,
        observe: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Found, Failure> {
        let begun = Instant::now();
        let mut networks = self.networks(&cell)?;
        let question = networks.question(self.asked).map_err(Failure::unusable)?;
        let found = |answer: Answer, constant, shown| {
            let seconds = begun.elapsed().as_secs_f64();
            let undecided = words::undecided(&answer, question.error_rate, self.stopped());
            let shown = WidthAnswer { constant, undecided, seconds, ..shown };
            Found { cell: cell.clone(), question: question.clone(), answer, shown }
        };
        if self.args.out.is_none() {
            let answer = searched(&question, &mut networks, observe, |_, error| drawing_failed(error))?;
            let constant = networks.constant(&question, &answer);
            let shown = WidthAnswer::new(&cell, (self.data.label(), self.data.n()), &answer);
            return Ok(found(answer, constant, shown));
        }
        let mut kept = self.kept(&cell, networks)?;
        kept.count_into(&self.added);
        let answer = searched(&question, &mut kept, observe, kept_failed)?;
        let (constant, shown) = (kept.networks().constant(&question, &answer), kept.answer(&answer));
        let found = found(answer, constant, shown);
        // A search that was broken off is kept as well, and those before it are there whatever comes of this one.
        if let Err(error) = kept.keep(&question, found.shown.clone()) {
            let error = anyhow::Error::from(error);
            self.ctx.note(&format!("eoc: the answer is not kept, all networks are: {error:#}\n"));
        }
        Ok(found)
    }

    fn networks<'c>(&'c self, cell: &'c Cell) -> Result<Networks<'c>, Failure> {
        Networks::new(self.engine, cell, self.data, self.clock.stop())
            .map_err(|error: CellError| Failure::unusable(error))
    }

    fn kept<'c>(&self, cell: &Cell, networks: Networks<'c>) -> Result<Kept<'c>, Failure> {
        let dir = self.args.out.as_deref().unwrap_or_else(|| std::path::Path::new(""));
        let info: &DeviceInfo = self.engine.info();
        let kept = Kept::open(dir, self.args.spec(cell)?, networks, session(info), self.clock.stop());
        kept.map_err(|error| kept_failed(true, error))
    }
}

fn searched<D: Draws>(
    question: &Question,
    draws: &mut D,
    observe: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    failed: impl Fn(bool, D::Error) -> Failure,
) -> Result<Answer, Failure>
where
    D::Error: std::fmt::Debug,
{
    answer::width(question, draws, observe).map_err(|error| match error {
        NoAnswer::Question(error) => Failure::unusable(error),
        NoAnswer::Draws { width, source, known } => {
            let Failure { status, error } = failed(false, source);
            // Status 2 says that nothing has begun.
            let begun = known.networks > 0 && status == Status::Unusable;
            let mut at = format!("width {width}");
            if known.networks > 0 {
                let Answer { low, high, networks, .. } = *known;
                at += &format!(", {}", words::known(&Progress { low, high, networks }));
            }
            Failure {
                status: if begun { Status::Failed } else { status },
                error: error.map(|error| error.context(at)),
            }
        }
    })
}

/// A network too large for the device or its memory is refused; what else happens, happens while running.
fn drawing_failed(error: DrawError) -> Failure {
    match error {
        DrawError::Network(error) => Failure::unusable(error),
        DrawError::Engine(error @ EngineError::Refused(_)) => Failure::unusable(error),
        DrawError::Engine(error) => Failure::running(error),
        error @ DrawError::NotFinite { .. } => Failure::running(error),
    }
}

/// The same with a directory, which is refused `before` the start and fails later.
fn kept_failed(before: bool, error: KeptError) -> Failure {
    match error {
        KeptError::Draw(error) => drawing_failed(error),
        KeptError::Store(error) if before => stored::unusable(error),
        KeptError::Store(error) => Failure::running(error),
        KeptError::Plan(error) => Failure::unusable(error),
        KeptError::Answers(error @ QuestionsError::Io { .. }) => Failure::running(error),
        KeptError::Answers(error) => Failure::unusable(error),
        KeptError::Limit(error) => refused::refused(error),
    }
}
