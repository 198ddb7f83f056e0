//! `--spectrum` and `--eigenvectors`: the eigenvalues of K/n, and what they belong to.

use std::path::{Path, PathBuf};

use crate::data::Output;
use crate::data::npy::NpyWriter;
use crate::math::linalg::{NoConvergence, eigen, eigenvalues};

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{self, Summary};

/// Where the spectrum goes.
#[derive(clap::Args, Clone, Debug)]
pub struct SpectrumArgs {
    /// File for the eigenvalues of K/n, ascending, of shape (n*outputs,)
    #[arg(long, value_name = "F.npy", help_heading = "Output")]
    spectrum: Option<PathBuf>,
    /// File for the eigenvectors, of shape (n*outputs, n*outputs): column j belongs to eigenvalue j
    #[arg(long, value_name = "F.npy", help_heading = "Output", requires = "spectrum")]
    eigenvectors: Option<PathBuf>,
}

/// The files, open, and what will be in them.
pub struct SpectrumOut<'a> {
    args: &'a SpectrumArgs,
    values: Output,
    vectors: Option<Output>,
    found: Option<(Vec<f64>, Option<Vec<f64>>)>,
}

impl SpectrumArgs {
    /// Their names, with the options that gave them.
    pub fn paths(&self) -> [(&'static str, Option<&Path>); 2] {
        [("--spectrum", self.spectrum.as_deref()), ("--eigenvectors", self.eigenvectors.as_deref())]
    }

    /// Matrices of the size of the kernel that the factorisation holds beside it.
    pub fn matrices(&self) -> u128 {
        match self {
            Self { spectrum: None, .. } => 0,
            Self { eigenvectors: None, .. } => 2,
            _ => 4,
        }
    }

    /// Starts the files, where they are asked for, of a kernel of this many rows.
    pub fn open(&self, size: usize, inputs: &[Option<&Path>]) -> Result<Option<SpectrumOut<'_>>, Failure> {
        let Some(path) = &self.spectrum else { return Ok(None) };
        let values = output::open(path, output::array_bytes(&[size]), inputs)?;
        let open = |path: &PathBuf| output::open(path, output::array_bytes(&[size, size]), inputs);
        let vectors = self.eigenvectors.as_ref().map(open).transpose()?;
        Ok(Some(SpectrumOut { args: self, values, vectors, found: None }))
    }
}

impl SpectrumOut<'_> {
    /// Factorises the kernel of n points, which is handed back; a signal ends the command meanwhile.
    pub fn find(&mut self, ctx: &Context, kernel: Vec<f64>, n: usize) -> Result<Vec<f64>, Failure> {
        let size = kernel.len().isqrt();
        let with_vectors = self.vectors.is_some();
        let work = move || {
            let found = match with_vectors {
                true => eigen(&kernel, size).map(|(values, vectors)| (values, Some(vectors))),
                false => eigenvalues(&kernel, size).map(|values| (values, None)),
            };
            (kernel, found)
        };
        let (kernel, found): (_, Result<_, NoConvergence>) = ctx.wait(work)?;
        let (mut values, vectors) = found.map_err(Failure::running)?;
        values.iter_mut().for_each(|value| *value /= n as f64);
        self.found = Some((values, vectors));
        Ok(kernel)
    }

    /// Writes the files, and says what is in them where it differs from the kernel.
    pub fn finish(self, ctx: &Context, kernel: &Summary) -> Result<(), Failure> {
        let Some((values, vectors)) = self.found else { return Ok(()) };
        let size = values.len();
        write(self.values, &[size], |file| file.write(&values))?;
        say(ctx, self.args.spectrum.as_deref(), &[size], kernel)?;
        if let (Some(output), Some(vectors)) = (self.vectors, vectors) {
            write(output, &[size, size], |file| {
                let mut row = vec![0.0; size];
                (0..size).try_for_each(|i| {
                    row.iter_mut().enumerate().for_each(|(j, entry)| *entry = vectors[j * size + i]);
                    file.write(&row)
                })
            })?;
            say(ctx, self.args.eigenvectors.as_deref(), &[size, size], kernel)?;
        }
        Ok(())
    }
}

fn write(
    output: Output,
    shape: &[usize],
    fill: impl FnOnce(&mut NpyWriter) -> Result<(), crate::data::DataError>,
) -> Result<(), Failure> {
    let mut file = NpyWriter::new(output, shape)?;
    fill(&mut file)?;
    Ok(file.finish()?)
}

fn say(ctx: &Context, path: Option<&Path>, shape: &[usize], kernel: &Summary) -> Result<(), Failure> {
    let Some(path) = path else { return Ok(()) };
    let Summary { seeds, sampler, device, precision, .. } = kernel;
    let (seeds, sampler, precision) = (seeds.clone(), sampler.clone(), precision.clone());
    output::announce(ctx, &Summary { path, shape: output::shape(shape), seeds, sampler, device, precision })
}
