//! `eoc._eoc`: the library for Python. Arguments become validated values of the library, work runs without the
//! interpreter's lock, arrays go back without a copy. What the functions mean is said in `eoc/*.py`, which wrap them.
//!
//! ```text
//! failure                      what went wrong, in the words of a Python caller
//! argument, device → working   what was given; what computes; work that Ctrl-C stops
//! sample, kernel, limit, ...   a function each
//! ```

mod argument;
mod device;
mod failure;
mod kernel;
mod limit;
mod sample;
mod study;
mod weights;
mod width;
mod working;

use std::ffi::OsString;
use std::path::PathBuf;

use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

/// The program: its exit status for these arguments, the name of the program first.
#[pyfunction]
fn main(py: Python<'_>, args: Vec<OsString>, program: Option<PathBuf>) -> u8 {
    py.detach(|| eoc_ntk::cli::main(args, program))
}

/// Finds numpy's interface for C now. Found when the first array is made, it would be found by an import of Python,
/// which a pending Ctrl-C breaks off, and a panic.
fn load_numpy(py: Python<'_>) -> PyResult<()> {
    PyModule::import(py, "numpy")?;
    py.check_signals()?;
    // An array with an owner in Rust, borrowed: everything that is looked up once.
    PyArray1::from_vec(py, vec![0.0]).try_readonly()?;
    Ok(())
}

#[pymodule]
fn _eoc(module: &Bound<'_, PyModule>) -> PyResult<()> {
    load_numpy(module.py())?;
    module.add("__version__", eoc_ntk::cli::shared::VERSION)?;
    module.add("COMMIT", eoc_ntk::cli::shared::COMMIT)?;
    module.add_function(wrap_pyfunction!(main, module)?)?;
    module.add_function(wrap_pyfunction!(device::devices, module)?)?;
    module.add_function(wrap_pyfunction!(argument::data, module)?)?;
    module.add_function(wrap_pyfunction!(sample::sample, module)?)?;
    module.add_function(wrap_pyfunction!(kernel::kernel, module)?)?;
    module.add_function(wrap_pyfunction!(limit::limit_of, module)?)?;
    module.add_function(wrap_pyfunction!(weights::weights, module)?)?;
    module.add_function(wrap_pyfunction!(study::run_study, module)?)?;
    module.add_function(wrap_pyfunction!(study::study_name, module)?)?;
    module.add_function(wrap_pyfunction!(study::rows, module)?)?;
    module.add_function(wrap_pyfunction!(study::report, module)?)?;
    module.add_function(wrap_pyfunction!(width::width, module)?)?;
    module.add_class::<limit::Limit>()
}
