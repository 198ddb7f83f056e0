//! From the options to the question, the kinds of network and the study that keeps them.

use std::time::Duration;

use super::Args;
use crate::answer::{Cell, Question};
use crate::cli::failure::Failure;
use crate::cli::input::is_dash;
use crate::data::Source;
use crate::math::whole;
use crate::model::Schedule;
use crate::rng::SEED_LIMIT;
use crate::sampler::SamplerChoice;
use crate::study::Spec;

impl Args {
    pub fn question(&self) -> Question {
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

    /// All kinds of network, depth by depth within the rest; what is in a list twice is one.
    pub fn cells(&self) -> Result<Vec<Cell>, Failure> {
        let network = &self.network;
        if !network.width.is_empty() || network.widths.is_some() {
            return Err(Failure::refused(
                "the width is what this command finds; leave out --width and --widths, and give --schedule for widths \
                 that grow with the layer",
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
        let mut cells: Vec<Cell> = Vec::new();
        for &activation in &network.activation {
            for &schedule in &or(&network.schedule, Schedule::Constant) {
                for &outputs in &or(&network.outputs, 1) {
                    for &depth in &network.depth {
                        let same = |c: &Cell| {
                            (c.activation, c.schedule, c.outputs, c.depth)
                                == (activation, schedule, outputs, depth)
                        };
                        if cells.iter().any(same) {
                            continue;
                        }
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

    /// The study of one kind of network, for a directory that keeps it.
    pub fn spec(&self, cell: &Cell) -> Result<Spec, Failure> {
        let source =
            self.data.data.last().ok_or_else(|| Failure::refused("the data are missing; give --data"))?;
        if matches!(source, Source::File { path, .. } if is_dash(path)) {
            return Err(Failure::refused(
                "--out resumes from the data; give --data a file instead of standard input",
            ));
        }
        Ok(Spec {
            sampler: Some(vec![cell.sampler]),
            precision: Some(vec![cell.precision]),
            activation: Some(vec![cell.activation]),
            depth: Some(vec![cell.depth]),
            schedule: Some(vec![cell.schedule]),
            outputs: Some(vec![cell.outputs]),
            scale: Some(vec![cell.scale]),
            source: Some(vec![source.clone()]),
            points: self.data.points.clone().map(|points| vec![points]),
            append_constant: self.data.append_constant.map(|beta| vec![beta]),
            normalize: self.data.normalize.last().map(|rule| vec![*rule]),
            ..Spec::default()
        })
    }
}

/// Seconds, or a number with a unit.
pub fn time(text: &str) -> Result<Duration, String> {
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
pub fn seeds(text: &str) -> Result<(u64, u64), String> {
    let wrong = || format!("write A.. such as 1000.., or A..B with A below B, at most {SEED_LIMIT}");
    let number = |part: &str| whole::<u64>(part).ok_or_else(wrong);
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
        assert_eq!((seeds("1k.."), seeds("1e3..1_024")), (Ok((1000, SEED_LIMIT)), Ok((1000, 1024))));
        assert_eq!(seeds("64"), Ok((0, 64)));
        for text in ["", "..", "9..5", "0", "5..5", "-1..", "x"] {
            assert!(seeds(text).is_err(), "{text}");
        }
    }
}
