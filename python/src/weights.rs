//! `eoc.weights`: θ of a seed.

use eoc_ntk::backend::available_memory;
use eoc_ntk::data::weights::{draw_row, shapes};
use eoc_ntk::units::bytes;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::argument::{Given, NetworkArguments, count, one_seed, refused};
use crate::failure::Failure;
use crate::working::working;

/// W_1 … W_l of a seed, W_k (m_k, m_{k−1}).
#[pyfunction]
pub fn weights<'py>(
    py: Python<'py>,
    inputs: &Given<'py>,
    network: NetworkArguments<'py>,
    seed: &Given<'py>,
) -> PyResult<Vec<Bound<'py, PyArray2<f32>>>> {
    let network = network.network()?;
    let inputs: usize = count("inputs", inputs)?;
    if inputs == 0 {
        return Err(refused("inputs is 0; a network has at least one input".to_owned()));
    }
    let seed = one_seed("seed", seed)?;
    let shapes = shapes(&network, inputs);
    let needed: u128 = shapes.iter().map(|&(rows, cols)| 4 * u128::from(rows) * u128::from(cols)).sum();
    let available = available_memory();
    if needed > u128::from(available) {
        return Err(refused(format!(
            "the weights need {} of memory, and {} are available; use a smaller network",
            bytes(needed),
            bytes(available)
        )));
    }
    let drawn = shapes.clone();
    let all = working(py, None, move |stop, _| {
        let one = |(&(rows, cols), layer): (&(u64, u64), usize)| {
            // Both fit: all of them were found to fit into memory.
            let mut values = vec![0f32; (rows * cols) as usize];
            for (row, out) in values.chunks_exact_mut(cols as usize).enumerate() {
                stop.check()?;
                draw_row(seed, layer, row as u32, out);
            }
            Ok(values)
        };
        drawn.iter().zip(1..).map(one).collect::<Result<Vec<_>, Failure>>()
    })?;
    let array = |(values, &(rows, cols)): (Vec<f32>, &(u64, u64))| {
        PyArray1::from_vec(py, values).reshape([rows as usize, cols as usize])
    };
    all.into_iter().zip(&shapes).map(array).collect()
}
