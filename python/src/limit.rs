//! `eoc.limit`: the infinite-width limit, and by depth its spectrum and the theory of it.

use eoc_ntk::backend::available_memory;
use eoc_ntk::cli::shared::start_threads;
use eoc_ntk::data::DataSet;
use eoc_ntk::limit::{self, Profile, Report, bound, relative_sd_diagonal, reported_depths};
use eoc_ntk::model::{Network, Resolved};
use eoc_ntk::units::{bytes, counted};
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;

use crate::argument::{NetworkArguments, PointArguments, refused};
use crate::failure::Failure;
use crate::working::waiting;

/// The limit of a network on points.
#[pyclass(frozen)]
pub struct Limit {
    data: DataSet,
    network: NetworkOfLimit,
    limit: limit::Limit,
}

/// What is known of the network: its widths may be open.
#[derive(Clone)]
struct NetworkOfLimit {
    activation: eoc_ntk::math::activation::Activation,
    shape: Resolved,
    with_widths: Option<Network>,
}

/// m, the bound without and with its logarithms.
type Bound3 = (f64, f64, Option<f64>);

/// Computes the limit.
#[pyfunction(name = "limit")]
pub fn limit_of<'py>(
    py: Python<'py>,
    points: PointArguments<'py>,
    network: NetworkArguments<'py>,
) -> PyResult<Limit> {
    let (activation, shape) = (network.activation()?, network.shape()?);
    let with_widths = shape.hidden.is_some().then(|| network.of(&shape)).transpose()?;
    let data = points.data()?;
    check_memory(&data, shape.outputs, 8)?;
    let network = NetworkOfLimit { activation, shape, with_widths };
    waiting(py, move || {
        let (depth, scale) = (network.shape.depth, network.shape.scale);
        let limit = start_threads(None)?.install(|| limit::Limit::new(&data, activation, depth, scale));
        Ok(Limit { data, network, limit })
    })
}

/// Refuses what does not fit: so many n × n matrices, and one (n·m_l) × (n·m_l).
fn check_memory(data: &DataSet, outputs: usize, matrices: usize) -> PyResult<()> {
    let n = data.n() as u128;
    let all = (matrices as u128).saturating_add((outputs as u128).saturating_mul(outputs as u128));
    let needed = all.saturating_mul(8 * n * n);
    let available = available_memory();
    if needed > u128::from(available) {
        return Err(refused(format!(
            "the limit of {} with {} needs {} of memory at this depth, and {} are available; use fewer points",
            counted(n, "point"),
            counted(outputs, "output"),
            bytes(needed),
            bytes(available)
        )));
    }
    Ok(())
}

#[pymethods]
impl Limit {
    /// K∞ (n·m_l, n·m_l).
    fn ntk<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let outputs = self.network.shape.outputs;
        square(py, self.limit.expand(outputs), self.limit.n() * outputs)
    }

    /// The NNGP kernel (n, n).
    fn nngp<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        square(py, self.limit.nngp().to_vec(), self.limit.n())
    }

    /// The cosine distances of the last activations (n, n).
    fn delta<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        square(py, self.limit.deltas().to_vec(), self.limit.n())
    }

    /// (m, value, full) of the bound, where there is one.
    fn bound(&self) -> Option<Bound3> {
        let found = bound(self.network.with_widths.as_ref()?, &self.data)?;
        Some((found.m, found.value, found.full))
    }

    /// The relative standard deviation of a diagonal entry, where widths are known.
    fn relative_sd_diagonal(&self) -> Option<f64> {
        let network = self.network.with_widths.as_ref()?;
        Some(relative_sd_diagonal(network.activation(), network.hidden()))
    }

    /// Everything by depth, as the JSON object that `eoc limit` prints.
    fn report(&self, py: Python<'_>) -> PyResult<String> {
        let (depth, scale) = (self.network.shape.depth, self.network.shape.scale);
        check_memory(&self.data, 1, 8 + 4 * reported_depths(depth).len())?;
        let (data, network) = (self.data.clone(), self.network.clone());
        waiting(py, move || {
            let threads = start_threads(None)?;
            let profile = || Profile::new(&data, network.activation, depth, scale);
            let profile = threads.install(profile).map_err(|error| Failure::broke(&error))?;
            let report = match &network.with_widths {
                Some(network) => Report::new(&profile, network, &data),
                None => Report::without_widths(&profile, network.activation, network.shape.outputs),
            };
            serde_json::to_string(&report).map_err(|error| Failure::broke(&error))
        })
    }
}

fn square<'py>(py: Python<'py>, values: Vec<f64>, size: usize) -> PyResult<Bound<'py, PyArray2<f64>>> {
    PyArray1::from_vec(py, values).reshape([size, size])
}
