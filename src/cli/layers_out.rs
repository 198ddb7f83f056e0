//! `--layers-out`: the small matrices of every layer, beside the kernels.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::failure::Failure;
use super::output::{self, Summary};
use crate::backend::LayerMatrices;
use crate::data::npz::NpzWriter;

/// Where the matrices go.
#[derive(clap::Args, Clone, Debug)]
pub struct LayersArgs {
    /// File for the matrices of every layer: activations (seeds, l, n, n) and gradients (seeds, l, n*outputs,
    /// n*outputs)
    #[arg(long, value_name = "F.npz", help_heading = "Output")]
    layers_out: Option<PathBuf>,
}

/// How many seeds of which size.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Seeds.
    pub seeds: usize,
    /// l.
    pub depth: usize,
    /// n.
    pub n: usize,
    /// m_l.
    pub outputs: usize,
}

/// The archive being written.
pub struct LayersOut {
    path: PathBuf,
    writer: NpzWriter,
    shape: String,
}

impl LayersArgs {
    /// Whether the matrices are asked for.
    pub fn is_given(&self) -> bool {
        self.layers_out.is_some()
    }

    /// The file, with the option that names it.
    pub fn path(&self) -> (&'static str, Option<&Path>) {
        ("--layers-out", self.layers_out.as_deref())
    }

    /// Starts the file, where one is asked for; refuses that of the kernels and of the inputs.
    pub fn open(
        &self,
        out: &Path,
        Size { seeds, depth, n, outputs }: Size,
        inputs: &[Option<&Path>],
    ) -> Result<Option<LayersOut>, Failure> {
        let Some(path) = &self.layers_out else { return Ok(None) };
        output::distinct(&[("--out", Some(out)), ("--layers-out", Some(path))])?;
        let q = n * outputs;
        let (activations, gradients) = ([seeds, depth, n, n], [seeds, depth, q, q]);
        let bytes = output::array_bytes(&activations) + output::array_bytes(&gradients);
        let file = output::open(path, bytes, inputs)?;
        let writer = NpzWriter::new(file, &[("activations", &activations), ("gradients", &gradients)])?;
        let shape =
            format!("activations {}, gradients {}", output::shape(&activations), output::shape(&gradients));
        Ok(Some(LayersOut { path: path.clone(), writer, shape }))
    }
}

impl LayersOut {
    /// The next seed.
    pub fn write(&mut self, matrices: &LayerMatrices) -> Result<(), Failure> {
        self.writer.write(0, &matrices.activations)?;
        self.writer.write(1, &matrices.gradients)?;
        Ok(())
    }

    /// Makes it durable, and says what is in it where it differs from the kernels.
    pub fn finish(self, ctx: &Context, kernels: Summary) -> Result<(), Failure> {
        self.writer.finish()?;
        output::announce(ctx, &Summary { path: &self.path, shape: self.shape, ..kernels })
    }
}
