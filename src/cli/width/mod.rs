//! `eoc width`: the smallest width that is wide enough, for one kind of network or for several.

mod words;

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use eoc_ntk::answer::{
    self, Answer, Cell, CellError, DrawError, Networks, NoAnswer, Norm, Progress, Question,
};
use eoc_ntk::backend::{Engine, EngineError, Stop as Signal};
use eoc_ntk::data::DataSet;
use eoc_ntk::model::Schedule;
use eoc_ntk::rng::SEED_LIMIT;
use eoc_ntk::sampler::SamplerChoice;
use serde_json::{Value, json};

use super::args::{DataArgs, EngineArgs, NetworkArgs};
use super::context::Context;
use super::failure::{Failure, Status};
use super::words::{count, number};

/// Shown below the help.
pub const EXAMPLES: &str = "\
The answer is an interval: m* lies above m_low and is at most m_high, with probability 1 - alpha over \
the draws, whenever and for whatever reason the drawing stops. It assumes that the probability of being within \
the tolerance grows with the width, and nothing else. Draws are those of the seeds 0, 1, 2, ..., so that the \
answer is the same on the same device whatever the threads.

--json prints m_low (0 if m* may be 1), m_high (null while no width is known to be enough), tolerance, confidence, \
alpha, norm, looks (by width: m, seeds, inside, and low, high, which hold the probability at this width by \
itself at every time with probability 1 - alpha, and decision), networks, exponent, undecided (null, or what is \
open and why), seconds. Of several kinds of network: cells, each with these and its activation, depth, schedule \
and outputs.

Examples:
  eoc width --tolerance 0.05 --confidence 0.95 --activation abs --depth 4 --data digits:n=32
  eoc width --within 0.1 --probability 0.9 --activation abs --activation relu --depth 2,4,8 \\
      --schedule quadratic --data sphere:n=16,dim=16 --resolution 1.5
  eoc width --norm lambda_min --tolerance 0.5 --confidence 0.95 --activation relu --depth 4 \\
      --data digits:n=32 --max-time 10m --json";

/// Arguments as typed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Largest deviation accepted, over the norm of the limit unless --absolute
    #[arg(long, visible_alias = "within", value_name = "T", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    tolerance: f64,
    /// Probability with which a network must be within the tolerance
    #[arg(long, visible_alias = "probability", value_name = "P", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    confidence: f64,
    /// op (operator norm), fro (Frobenius), max (largest entry) of K - K_limit; or lambda_min: the least eigenvalue of K
    /// is at least (1 - T) times that of the limit
    #[arg(long, value_name = "NORM", default_value = "op")]
    #[arg(help_heading = "Question")]
    norm: Norm,
    /// The norm of the deviation of K/n itself, not over that of the limit
    #[arg(long)]
    #[arg(help_heading = "Question")]
    absolute: bool,
    /// Probability with which the interval may be wrong, in all
    #[arg(long, value_name = "A", default_value = "0.05", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    alpha: f64,
    /// Stop where m_high is at most this many times m_low
    #[arg(long, value_name = "RATIO", default_value = "1.25", allow_negative_numbers = true)]
    #[arg(value_parser = number, help_heading = "Question")]
    resolution: f64,
    /// Most networks to draw, for each kind of network [default: no limit]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = count::<u64>, help_heading = "Question")]
    max_networks: Option<u64>,
    /// Stop after this time in all, such as 90s, 10m or 2h [default: no limit]
    #[arg(long, value_name = "TIME")]
    #[arg(value_parser = time, help_heading = "Question")]
    max_time: Option<Duration>,
    #[command(flatten)]
    network: NetworkArgs,
    #[command(flatten)]
    data: DataArgs,
    /// direct (draws every weight), conditional (same law, cost linear in the width) or auto (the cheaper)
    /// [default: auto]
    #[arg(long, value_name = "NAME", help_heading = "Sampling")]
    sampler: Option<SamplerChoice>,
    /// First seed, as A..; or A..B to draw none from B on [default: 0..]
    #[arg(long, value_name = "A..", allow_hyphen_values = true, value_parser = seeds, help_heading = "Sampling")]
    seeds: Option<(u64, u64)>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Print JSON
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// A question about one kind of network, with the answer.
pub struct Found {
    cell: Cell,
    question: Question,
    answer: Answer,
    /// The constants of the bound of arXiv 2501.14724 that m_low + 1 and m_high make, where it has one and the norm is op.
    constant: Option<[Option<f64>; 2]>,
    seconds: f64,
}

/// Finds the widths.
pub fn execute(args: &Args, ctx: &Context) -> Result<Status, Failure> {
    let asked = args.question();
    asked.check().map_err(Failure::unusable)?;
    let cells = args.cells()?;
    let several = cells.len() > 1;
    let data = args.data.load()?;
    let threads = args.engine.threads.start()?;
    let engine = args.engine.open(&[args.engine.precision()?], &threads)?;
    // Everything that is refused is refused before anything is drawn.
    for cell in &cells {
        Networks::new(&*engine, cell, &data, ctx.stop()).and_then(|n| n.question(&asked)).map_err(refused)?;
    }
    ctx.on_stop(": what is known by then is printed");
    let begun = Instant::now();
    let meter = ctx.progress(format!("width of {}", data.label()), "network");
    let mut found = Vec::new();
    let mut stopped = Stop::Not;
    for cell in cells {
        let (start, before) = (Instant::now(), found.iter().map(|f: &Found| f.answer.networks).sum::<u64>());
        let mut observe = |progress: &Progress| {
            let drawn = before + progress.networks;
            meter.report(drawn, drawn, None, None, words::so_far(progress));
            if ctx.stop().is_raised() {
                stopped = Stop::Signal;
            } else if args.max_time.is_some_and(|most| begun.elapsed() >= most) {
                stopped = Stop::Time;
            }
            if stopped == Stop::Not { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let one = ask(&*engine, cell, &data, &asked, ctx.stop(), &mut observe)?;
        tracing::info!(
            networks = one.answer.networks,
            "m_low {} m_high {:?}",
            one.answer.low,
            one.answer.high
        );
        found.push(Found { seconds: start.elapsed().as_secs_f64(), ..one });
        if ctx.stop().is_raised() {
            // The seeds in hand were given up, and nobody was asked.
            stopped = Stop::Signal;
        }
        if stopped != Stop::Not {
            break;
        }
    }
    drop(meter);
    if args.json {
        ctx.write(&format!("{}\n", args.json(&found, several, stopped)))?;
    } else {
        ctx.print(&words::table(&found))?;
        ctx.print(&words::sentences(args, &found, stopped))?;
    }
    match stopped {
        Stop::Signal if ctx.time_limit() => Ok(Status::TimeLimit),
        Stop::Signal => Ok(Status::Interrupted),
        _ => Ok(Status::Done),
    }
}

/// What broke off the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing did.
    Not,
    /// A signal.
    Signal,
    /// The time was over.
    Time,
}

fn ask(
    engine: &dyn Engine,
    cell: Cell,
    data: &DataSet,
    asked: &Question,
    stop: &Signal,
    observe: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Found, Failure> {
    let mut networks = Networks::new(engine, &cell, data, stop).map_err(refused)?;
    let question = networks.question(asked).map_err(refused)?;
    let answer = answer::width(&question, &mut networks, observe).map_err(broken)?;
    let constant = networks.constant(&question, &answer);
    drop(networks);
    Ok(Found { cell, question, answer, constant, seconds: 0.0 })
}

fn refused(error: CellError) -> Failure {
    Failure::unusable(error)
}

fn broken(error: NoAnswer<DrawError>) -> Failure {
    match error {
        // A network too large for the device or its memory, and what cannot be asked.
        NoAnswer::Draws {
            source: DrawError::Engine(EngineError::Refused(_)) | DrawError::Network(_),
            ..
        }
        | NoAnswer::Question(_) => Failure::unusable(error),
        NoAnswer::Draws { .. } => Failure::running(error),
    }
}

impl Args {
    fn question(&self) -> Question {
        let (first_seed, last_seed) = self.seeds.unwrap_or((0, SEED_LIMIT));
        Question {
            tolerance: self.tolerance,
            probability: self.confidence,
            error_rate: self.alpha,
            resolution: self.resolution,
            max_networks: self.max_networks,
            first_seed,
            last_seed,
            ..Question::default()
        }
    }

    /// All kinds of network, depth by depth within the rest.
    fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let network = &self.network;
        if !network.width.is_empty() || network.widths.is_some() {
            return Err(Failure::refused(
                "the width is what this command finds; leave out --width and --widths, and give --schedule for widths that grow \
                 with the layer",
            ));
        }
        if network.activation.is_empty() {
            return Err(Failure::refused(
                "the activation is missing; give --activation abs, relu, identity, leaky:ALPHA or A,B",
            ));
        }
        if network.depth.is_empty() {
            return Err(Failure::refused(
                "the depth is missing; give --depth L, the number of weight matrices",
            ));
        }
        let scale = match network.scale[..] {
            [] => 1.0,
            [one] => one,
            _ => return Err(Failure::refused("--scale has several values, and this command takes one")),
        };
        fn or<T: Copy>(values: &[T], default: T) -> Vec<T> {
            if values.is_empty() { vec![default] } else { values.to_vec() }
        }
        let mut cells = Vec::new();
        for &activation in &network.activation {
            for &schedule in &or(&network.schedule, Schedule::Constant) {
                for &outputs in &or(&network.outputs, 1) {
                    for &depth in &network.depth {
                        cells.push(Cell {
                            activation,
                            depth,
                            schedule,
                            outputs,
                            scale,
                            sampler: self.sampler.unwrap_or(SamplerChoice::Auto),
                            precision: self.engine.precision()?,
                            norm: self.norm,
                            absolute: self.absolute,
                        });
                    }
                }
            }
        }
        Ok(cells)
    }

    fn json(&self, found: &[Found], several: bool, stopped: Stop) -> Value {
        let one = |f: &Found| {
            let look = |l: &answer::Look| {
                json!({"m": l.width, "seeds": l.seeds, "inside": l.inside, "low": l.low, "high": l.high,
                       "decision": l.decision.name()})
            };
            let undecided = words::undecided(f, stopped).map_or(Value::Null, Value::String);
            let mut object = json!({
                "m_low": f.answer.low,
                "m_high": f.answer.high,
                "tolerance": self.tolerance,
                "confidence": self.confidence,
                "alpha": self.alpha,
                "norm": self.norm.to_string(),
                "looks": f.answer.looks.iter().map(look).collect::<Vec<_>>(),
                "networks": f.answer.networks,
                "exponent": f.answer.exponent,
                "undecided": undecided,
                "seconds": f.seconds,
            });
            if several && let Some(object) = object.as_object_mut() {
                let cell = &f.cell;
                object.insert("activation".into(), json!(cell.activation.to_string()));
                object.insert("depth".into(), json!(cell.depth));
                object.insert("schedule".into(), json!(cell.schedule.to_string()));
                object.insert("outputs".into(), json!(cell.outputs));
            }
            object
        };
        let mut objects: Vec<Value> = found.iter().map(one).collect();
        match several {
            false => objects.pop().unwrap_or(Value::Null),
            true => json!({ "cells": objects }),
        }
    }
}

/// Seconds, or a number with a unit.
fn time(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (digits, unit) = match text.find(|c: char| c.is_ascii_alphabetic()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => f64::NAN,
    };
    let seconds = digits.trim().parse::<f64>().map_or(f64::NAN, |value| value * factor);
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if !time.is_zero() => Ok(time),
        _ => Err("give a time such as 90s, 10m or 2h".to_owned()),
    }
}

/// `A..`, `A..B` or `COUNT`, as the first seed and that before which it ends.
fn seeds(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("write A.. such as 1000.., or A..B with A below B, at most {SEED_LIMIT}");
    let number = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
    let (first, last) = match text.split_once("..") {
        Some((first, "")) => (number(first)?, SEED_LIMIT),
        Some((first, last)) => (number(first)?, number(last)?),
        None => (0, number(text)?),
    };
    if first < last && last <= SEED_LIMIT { Ok((first, last)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_seeds_as_people_write_them() {
        assert_eq!(time("90"), Ok(Duration::from_secs(90)));
        assert_eq!(time("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(time("10 m"), Ok(Duration::from_secs(600)));
        for text in ["", "0", "-1s", "1x", "h", "nan", "1e300h"] {
            assert!(time(text).is_err(), "{text}");
        }
        assert_eq!(seeds("1000.."), Ok((1000, SEED_LIMIT)));
        assert_eq!(seeds("5..9"), Ok((5, 9)));
        assert_eq!(seeds("64"), Ok((0, 64)));
        for text in ["", "..", "9..5", "0", "5..5", "-1..", "x"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }
}
