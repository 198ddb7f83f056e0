//! `eoc.kernel`: K of given weights, and what every layer adds to it.

use std::sync::atomic::{AtomicU64, Ordering};

use eoc_ntk::backend::{Drawn, EngineError, ExplicitKernel, Precision, Wanted, available_memory};
use eoc_ntk::data::weights::{LayerWeights, Theta, WeightMatrix};
use eoc_ntk::model::{Parameterization, check_scale};
use eoc_ntk::units::bytes;
use numpy::{
    PyArray1, PyArray2, PyArray3, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::argument::{Given, PointArguments, activation, number, refused, word};
use crate::device::{EngineArguments, open};
use crate::failure::{Failure, advised};
use crate::working::working;

/// The parameters of a network, as given: matrices (out, in) and a bias or None for each.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct ParameterArguments<'py> {
    weights: Vec<PyReadonlyArray2<'py, f64>>,
    biases: Vec<Option<PyReadonlyArray1<'py, f64>>>,
    activation: Given<'py>,
    parameterization: Given<'py>,
    scale: Given<'py>,
}

impl ParameterArguments<'_> {
    fn theta(&self) -> PyResult<Theta> {
        let parameterization: Parameterization = word("parameterization", &self.parameterization)?;
        let contiguous = |_| refused("weights and biases must be contiguous".to_owned());
        let layer = |(matrix, bias): (&PyReadonlyArray2<f64>, &Option<PyReadonlyArray1<f64>>)| {
            let &[rows, cols] = matrix.shape() else {
                return Err(refused("weights must be matrices".to_owned()));
            };
            let matrix = WeightMatrix { rows, cols, values: matrix.as_slice().map_err(contiguous)?.to_vec() };
            let bias = bias.as_ref().map(|bias| bias.as_slice().map(<[f64]>::to_vec).map_err(contiguous));
            Ok(LayerWeights { matrix, bias: bias.transpose()? })
        };
        let layers: PyResult<Vec<LayerWeights>> = self.weights.iter().zip(&self.biases).map(layer).collect();
        Ok(Theta::new(layers?, parameterization))
    }
}

/// The kernel (q, q′), of layers the activations (l, n, n) and gradients (l, q, q), and what is to be said beside.
type Found<'py> =
    (Bound<'py, PyArray2<f64>>, Option<(Bound<'py, PyArray3<f64>>, Bound<'py, PyArray3<f64>>)>, Vec<String>);

/// Computes it.
#[pyfunction]
pub fn kernel<'py>(
    py: Python<'py>,
    points: PointArguments<'py>,
    against: Option<PointArguments<'py>>,
    given: ParameterArguments<'py>,
    engine: EngineArguments<'py>,
    layers: bool,
    progress: Option<&Given<'py>>,
) -> PyResult<Found<'py>> {
    let activation = activation(&given.activation)?;
    let scale = number("scale", &given.scale)?;
    check_scale(scale).map_err(Failure::from)?;
    let precision = engine.precision()?;
    let (data, other) = (points.data()?, against.map(|points| points.data()).transpose()?);
    if layers && other.is_some() {
        return Err(refused("layers are of the kernel of one set of points; leave out against".to_owned()));
    }
    let theta = given.theta()?;
    let depth = theta.layers.len();
    let outputs = theta.layers.last().map_or(0, |last| last.matrix.rows);
    let (n, rows) = (data.n(), data.n() * outputs);
    let columns = other.as_ref().map_or(rows, |other| other.n() * outputs);
    check_memory(rows, columns, if layers { depth as u128 * square(n, rows) } else { 0 })?;
    let place = engine.place(&[precision])?;
    let notes = theta
        .doubt()
        .map(|doubt| format!("{doubt}; networks of PyTorch, JAX or Keras are parameterization=\"standard\""));
    let (kernel, matrices) = working(py, progress, move |stop, done| {
        let opened = open(&place, done)?;
        let compute = || {
            let explicit =
                ExplicitKernel::new(opened.engine.as_ref(), activation, theta, scale, data.dim(), precision)?;
            let runs = match &other {
                Some(other) => explicit.runs_against(n, other.n()),
                None => explicit.runs(n),
            } as u64;
            let finished = AtomicU64::new(0);
            let told = || done.set(finished.fetch_add(1, Ordering::Relaxed) + 1, runs);
            if let Some(other) = &other {
                return Ok((explicit.against(&data, other, stop, &told)?, None));
            }
            let wanted = Wanted { matrices: layers, ..Wanted::KERNEL };
            let mut drawn: Drawn = explicit.draw(&data, &wanted, stop, &told)?;
            let kernel = drawn.kernel.take().ok_or_else(|| drawn.lacks("entries of the kernel"))?;
            Ok((kernel, drawn.matrices))
        };
        opened.result(compute().map_err(|error| failed(error, precision)))
    })?;
    let kernel = PyArray1::from_vec(py, kernel).reshape([rows, columns])?;
    let Some(matrices) = matrices else { return Ok((kernel, None, Vec::from_iter(notes))) };
    let activations = PyArray1::from_vec(py, matrices.activations).reshape([depth, n, n])?;
    let gradients = PyArray1::from_vec(py, matrices.gradients).reshape([depth, rows, rows])?;
    Ok((kernel, Some((activations, gradients)), Vec::from_iter(notes)))
}

/// Entries of the matrices of one layer.
fn square(n: usize, q: usize) -> u128 {
    let squared = |size: usize| (size as u128).saturating_mul(size as u128);
    squared(n).saturating_add(squared(q))
}

/// Refuses a kernel for which there is no room, with this many entries of other matrices beside it.
fn check_memory(rows: usize, columns: usize, beside: u128) -> PyResult<()> {
    let needed = (rows as u128).saturating_mul(columns as u128).saturating_add(beside).saturating_mul(8);
    let available = available_memory();
    if needed <= u128::from(available) {
        return Ok(());
    }
    Err(refused(format!(
        "a kernel of {rows} x {columns} entries{} needs {} of memory, and {} are available; use fewer points",
        if beside > 0 { " with the matrices of its layers" } else { "" },
        bytes(needed),
        bytes(available)
    )))
}

fn failed(error: EngineError, precision: Precision) -> Failure {
    match ExplicitKernel::explained(error, precision) {
        Ok((what, remedy)) => Failure::Broke(advised(what, &[remedy])),
        Err(error) => error.into(),
    }
}
