//! What was given, as validated values of the library. Every refusal is a ValueError that names the parameter.

use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use eoc_ntk::data::{DataSet, Normalize, Source};
use eoc_ntk::math::activation::{Activation, ActivationError};
use eoc_ntk::model::{Network, Resolved, Schedule, Shape};
use eoc_ntk::rng::SEED_LIMIT;
use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};

use crate::failure::Failure;
use crate::working::waiting;

/// A value as it was given.
pub type Given<'py> = Bound<'py, PyAny>;

/// A refusal.
pub fn refused(sentence: String) -> PyErr {
    Failure::Unusable(sentence).into()
}

/// A value in a sentence: its repr, where that is short.
pub fn shown(value: &Given) -> String {
    let text = value.repr().map_or_else(|_| "a value without a repr".to_owned(), |text| text.to_string());
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// A whole number; None where None was given. Numbers that are too large for the type, which all refuse, are the
/// largest of it.
pub fn whole<T: TryFrom<u64> + Bounded>(name: &str, value: &Given) -> PyResult<Option<T>> {
    if value.is_none() {
        return Ok(None);
    }
    let wrong = || refused(format!("{name} is {}; give a positive integer such as 4 or 1000", shown(value)));
    let index = integer(value).ok_or_else(wrong)?;
    if index.lt(0)? {
        return Err(wrong());
    }
    match index.extract::<u64>() {
        Ok(number) => T::try_from(number).map(Some).map_err(|_| too_large::<T>(name, value)),
        Err(_) => Err(too_large::<T>(name, value)),
    }
}

/// A whole number of any size, which may be written 1e6.
fn integer<'py>(value: &Given<'py>) -> Option<Bound<'py, PyInt>> {
    if value.is_instance_of::<PyBool>() {
        return None;
    }
    // 1e6 is a whole number too.
    let index = match value.cast::<PyFloat>() {
        Ok(float) if float.value().fract() == 0.0 => value.call_method0("__int__"),
        Ok(_) => return None,
        Err(_) => value.call_method0("__index__"),
    };
    index.ok()?.cast_into::<PyInt>().ok()
}

/// A seed.
pub fn one_seed(name: &str, value: &Given) -> PyResult<u64> {
    let seed = integer(value).and_then(|seed| seed.extract::<u64>().ok()).filter(|seed| *seed < SEED_LIMIT);
    seed.ok_or_else(|| {
        refused(format!("{name} is {}; give an integer from 0 to {}", shown(value), SEED_LIMIT - 1))
    })
}

/// A type with a largest number.
pub trait Bounded {
    /// The number.
    const MOST: u64;
}

impl Bounded for usize {
    const MOST: u64 = Self::MAX as u64;
}

impl Bounded for u64 {
    const MOST: u64 = Self::MAX;
}

impl Bounded for u32 {
    const MOST: u64 = Self::MAX as u64;
}

fn too_large<T: Bounded>(name: &str, value: &Given) -> PyErr {
    refused(format!("{name} is {}, which is too large; at most {} can be meant", shown(value), T::MOST))
}

/// A whole number that must be there.
pub fn count<T: TryFrom<u64> + Bounded>(name: &str, value: &Given) -> PyResult<T> {
    whole(name, value)?
        .ok_or_else(|| refused(format!("{name} is None; give a positive integer such as 4 or 1000")))
}

/// A number.
pub fn number(name: &str, value: &Given) -> PyResult<f64> {
    let wrong = || refused(format!("{name} is {}; give a number such as 0.5", shown(value)));
    if value.is_instance_of::<PyBool>() {
        return Err(wrong());
    }
    value.extract().map_err(|_| wrong())
}

/// One of a few words; the default of the type's parser where it knows one.
pub fn word<T: FromStr<Err: Display>>(name: &str, value: &Given) -> PyResult<T> {
    let text: String =
        value.extract().map_err(|_| refused(format!("{name} is {}; give a word", shown(value))))?;
    text.parse().map_err(|error: T::Err| refused(error.to_string()))
}

/// An activation: a name, or the pair (a, b) of a·s + b·|s|.
pub fn activation(value: &Given) -> PyResult<Activation> {
    let wrong = || {
        refused(format!(
            "{}; give \"abs\", \"relu\", \"identity\", \"leaky:ALPHA\", or (a, b) for a*s + b*|s|",
            if value.is_none() {
                "the activation is missing".to_owned()
            } else {
                format!("activation is {}", shown(value))
            }
        ))
    };
    if let Ok(text) = value.extract::<String>() {
        return text.parse().map_err(|error: ActivationError| refused(error.to_string()));
    }
    let pair: Vec<f64> = value.extract().map_err(|_| wrong())?;
    match pair[..] {
        [a, b] => Activation::new(a, b).map_err(|error| refused(error.to_string())),
        _ => Err(wrong()),
    }
}

/// A network, as given.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct NetworkArguments<'py> {
    activation: Given<'py>,
    depth: Given<'py>,
    width: Given<'py>,
    widths: Given<'py>,
    schedule: Given<'py>,
    outputs: Given<'py>,
    scale: Given<'py>,
}

impl NetworkArguments<'_> {
    /// φ.
    pub fn activation(&self) -> PyResult<Activation> {
        activation(&self.activation)
    }

    /// How widths follow from one number.
    pub fn schedule(&self) -> PyResult<Schedule> {
        word("schedule", &self.schedule)
    }

    /// Everything else as it was said.
    pub fn open_shape(&self) -> PyResult<Shape> {
        let schedule = self.schedule()?;
        Ok(Shape {
            depth: whole("depth", &self.depth)?,
            width: whole("width", &self.width)?,
            // The default is no word of the caller, who may give widths.
            schedule: (schedule != Schedule::Constant).then_some(schedule),
            widths: self.widths()?,
            outputs: Some(count("outputs", &self.outputs)?),
            scale: Some(number("scale", &self.scale)?),
        })
    }

    /// Everything else, widths or not.
    pub fn shape(&self) -> PyResult<Resolved> {
        Ok(self.open_shape()?.resolve().map_err(Failure::from)?)
    }

    fn widths(&self) -> PyResult<Option<Vec<u64>>> {
        if self.widths.is_none() {
            return Ok(None);
        }
        let wrong = || {
            refused(format!(
                "widths is {}; give the hidden widths as a list of integers, such as [64, 128, 256]",
                shown(&self.widths)
            ))
        };
        let items = self.widths.try_iter().map_err(|_| wrong())?;
        items.map(|item| count("widths", &item.map_err(|_| wrong())?)).collect::<PyResult<_>>().map(Some)
    }

    /// The network, with its widths.
    pub fn network(&self) -> PyResult<Network> {
        self.of(&self.shape()?)
    }

    /// The network of this shape, whose widths must be there.
    pub fn of(&self, shape: &Resolved) -> PyResult<Network> {
        let hidden = shape.hidden().map_err(Failure::from)?.to_vec();
        let network = Network::new(self.activation()?, hidden, shape.outputs).map_err(Failure::from)?;
        Ok(network.with_scale(shape.scale).map_err(Failure::from)?)
    }
}

/// Points, as given: one a row.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct PointArguments<'py> {
    x: PyReadonlyArray2<'py, f64>,
    normalize: Given<'py>,
}

impl PointArguments<'_> {
    /// The points, normalised.
    pub fn data(&self) -> PyResult<DataSet> {
        let rule: Normalize = word("normalize", &self.normalize)?;
        let values = self.x.as_slice().map_err(|_| refused("X is not contiguous".to_owned()))?.to_vec();
        let data = DataSet::new(values, self.x.shape()[1]).map_err(Failure::from)?;
        Ok(data.normalized(rule))
    }
}

/// Seeds as a range: a count, a range of step 1, or a pair (start, stop).
pub fn seeds(value: &Given) -> PyResult<Range<u64>> {
    let wrong = |what: &str| {
        refused(format!(
            "seeds is {}, {what}; give a count such as 64, or range(start, stop) with 0 <= start < stop <= \
             {SEED_LIMIT}",
            shown(value)
        ))
    };
    let end = |seed: &Given| {
        let that = if seed.is(value) { "which".to_owned() } else { format!("in which {}", shown(seed)) };
        let Some(number) = integer(seed) else { return Err(wrong(&format!("{that} is no integer"))) };
        if number.lt(0)? {
            return Err(wrong(&format!("{that} is below 0")));
        }
        // What does not fit is beyond the last seed in any case.
        Ok(number.extract().unwrap_or(u64::MAX))
    };
    let range = if value.hasattr("step")? && value.hasattr("start")? && value.hasattr("stop")? {
        if !value.getattr("step")?.eq(1)? {
            return Err(wrong("which has another step than 1"));
        }
        end(&value.getattr("start")?)?..end(&value.getattr("stop")?)?
    } else if let Ok((start, stop)) = value.extract::<(Given, Given)>() {
        end(&start)?..end(&stop)?
    } else if value.hasattr("__index__")? || value.is_instance_of::<PyFloat>() {
        0..end(value)?
    } else {
        return Err(wrong("which is no count and no range"));
    };
    if range.is_empty() {
        return Err(wrong("which is empty"));
    }
    if range.end > SEED_LIMIT {
        return Err(wrong("which goes too far"));
    }
    Ok(range)
}

/// The points of a source as the program names it, one a row, and what its reader has to say.
#[pyfunction]
pub fn data<'py>(
    py: Python<'py>,
    source: &Given<'py>,
    normalize: &Given<'py>,
) -> PyResult<(Bound<'py, PyArray2<f64>>, Vec<String>)> {
    let source: Source = word("source", source)?;
    let rule = if normalize.is_none() { None } else { Some(word("normalize", normalize)?) };
    let rule = rule.unwrap_or(source.default_normalize());
    let (values, shape, notes) = waiting(py, move || {
        let data = source.load()?.normalized(rule);
        Ok((data.values().to_vec(), [data.n(), data.dim()], data.notes().to_vec()))
    })?;
    Ok((PyArray1::from_vec(py, values).reshape(shape)?, notes))
}
