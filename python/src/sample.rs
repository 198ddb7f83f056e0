//! `eoc.sample`: the kernels of seeds, and what every layer adds to them.

use eoc_ntk::backend::{Job, LayerMatrices, Wanted, available_memory};
use eoc_ntk::units::{bytes, counted};
use numpy::{PyArray1, PyArray3, PyArray4, PyArrayMethods};
use pyo3::prelude::*;

use crate::argument::{Given, NetworkArguments, PointArguments, refused, seeds};
use crate::device::{EngineArguments, open};
use crate::failure::Failure;
use crate::working::working;

/// Most bytes of matrices of layers in one batch.
const BATCH_BYTES: usize = 256 << 20;

/// The kernels (seeds, q, q), and of layers the activations (seeds, l, n, n) and gradients (seeds, l, q, q).
type Kernels<'py> =
    (Bound<'py, PyArray3<f64>>, Option<(Bound<'py, PyArray4<f64>>, Bound<'py, PyArray4<f64>>)>);

/// Draws them.
#[pyfunction]
pub fn sample<'py>(
    py: Python<'py>,
    points: PointArguments<'py>,
    network: NetworkArguments<'py>,
    seeds_given: &Given<'py>,
    engine: EngineArguments<'py>,
    layers: bool,
    progress: Option<&Given<'py>>,
) -> PyResult<Kernels<'py>> {
    let network = network.network()?;
    let precision = engine.precision()?;
    let seeds = seeds(seeds_given)?;
    let data = points.data()?;
    let sampler = engine.sampler()?.resolve(data.n(), data.dim(), &network);
    let place = engine.place(&[precision])?;
    let (n, q, depth) = (data.n(), data.n() * network.outputs(), network.depth());
    let count = fitting(seeds.end - seeds.start, n, q, if layers { depth } else { 0 })?;
    let (kernels, activations, gradients) = working(py, progress, move |stop, done| {
        let opened = open(&place, done)?;
        let job = Job::new(&network, &data, sampler, precision);
        let kept = if layers { LayerMatrices::entries(&job) } else { 0 };
        let draw = || {
            let sampling = opened.engine.open(job)?;
            let wanted = Wanted { matrices: layers, ..Wanted::KERNEL };
            let step = sampling.plan().seeds_per_batch.min(BATCH_BYTES / (8 * kept).max(1)).max(1);
            let mut kernels = Vec::with_capacity(count * q * q);
            let (mut activations, mut gradients) = (Vec::new(), Vec::new());
            let mut start = seeds.start;
            while start < seeds.end {
                let end = seeds.end.min(start.saturating_add(step as u64));
                let batch: Vec<u64> = (start..end).collect();
                for drawn in sampling.draw(&batch, &wanted, stop)? {
                    let kernel = drawn.kernel.as_ref().ok_or_else(|| drawn.lacks("entries of the kernel"))?;
                    kernels.extend_from_slice(kernel);
                    if let Some(matrices) = &drawn.matrices {
                        activations.extend_from_slice(&matrices.activations);
                        gradients.extend_from_slice(&matrices.gradients);
                    }
                }
                start = end;
                done.set(start - seeds.start, seeds.end - seeds.start);
            }
            Ok::<_, Failure>((kernels, activations, gradients))
        };
        opened.result(draw())
    })?;
    let kernels = PyArray1::from_vec(py, kernels).reshape([count, q, q])?;
    if !layers {
        return Ok((kernels, None));
    }
    let activations = PyArray1::from_vec(py, activations).reshape([count, depth, n, n])?;
    let gradients = PyArray1::from_vec(py, gradients).reshape([count, depth, q, q])?;
    Ok((kernels, Some((activations, gradients))))
}

/// The number of seeds whose kernels, and matrices of this many layers, memory holds.
fn fitting(seeds: u64, n: usize, q: usize, layers: usize) -> PyResult<usize> {
    let square = |size: usize| (size as u128).saturating_mul(size as u128);
    let entries =
        square(q).saturating_add((layers as u128).saturating_mul(square(n).saturating_add(square(q))));
    let needed = entries.saturating_mul(u128::from(seeds)).saturating_mul(8);
    let available = available_memory();
    match usize::try_from(seeds) {
        Ok(count) if needed <= u128::from(available) => Ok(count),
        _ => Err(refused(format!(
            "{} of {q} x {q} entries{} need {} of memory, and {} are available; ask for fewer seeds at a time",
            counted(seeds, "kernel"),
            if layers > 0 { " with the matrices of their layers" } else { "" },
            bytes(needed),
            bytes(available)
        ))),
    }
}
