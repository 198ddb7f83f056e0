//! The parameters of a network as the command is given them: the file, what is said of it, and whether there is room
//! for it.

use std::path::PathBuf;

use crate::backend::available_memory;
use crate::data::weights::{Theta, WeightFile};
use crate::model::Parameterization;

use crate::cli::context::note;
use crate::cli::escape::shown;
use crate::cli::failure::Failure;
use crate::cli::input::{self, Input};
use crate::cli::units;
use crate::cli::words::words;

/// What `--parameterization` is.
const PARAMETERIZATIONS: &[&str] = &["ntk", "standard"];

/// Where the parameters are, and what they are.
#[derive(clap::Args, Clone, Debug)]
pub struct GivenArgs {
    /// The weights, as .safetensors
    #[arg(long, value_name = "FILE", required = true)]
    weights: PathBuf,
    /// The tensors to take, in the order of the layers [default: as their names say]
    #[arg(long, value_name = "W,W,...", value_delimiter = ',')]
    tensors: Vec<String>,
    /// ntk (weights from N(0,1), constants beside them, no biases) or standard (no constants, biases where there are
    /// any: as PyTorch, JAX and Keras have it) [default: ntk]
    #[arg(
        long,
        value_name = "NAME",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    #[arg(value_parser = words::<Parameterization>(PARAMETERIZATIONS))]
    parameterization: Parameterization,
}

/// A file of parameters that is open and fits the data.
pub struct Given<'a> {
    args: &'a GivenArgs,
    file: WeightFile,
    _input: Input,
}

impl GivenArgs {
    /// The file, for outputs that must be others.
    pub fn path(&self) -> &std::path::Path {
        &self.weights
    }

    /// Opens the file for data of `dim` coordinates, and says which of its tensors are which layers.
    pub fn open(&self, dim: usize) -> Result<Given<'_>, Failure> {
        let input = Input::open(&self.weights)?;
        let file = WeightFile::open_tensors(input.path(), dim, &self.tensors);
        let file = file.map_err(|error| input::named(error, &self.weights))?;
        let name = shown(&self.weights);
        if let (Parameterization::Ntk, Some((first, count))) = (self.parameterization, file.biases()) {
            let more = if count > 1 {
                format!(" and {} more are biases", count - 1)
            } else {
                " is a bias".to_owned()
            };
            return Err(Failure::refused(format!(
                "{name}: tensor {first}{more}, and networks in the ntk parameterization have none; use \
                 --parameterization standard, or leave them out"
            )));
        }
        if let Some(account) = file.account() {
            note(&format!("eoc: {name}: {account}\n"));
        }
        Ok(Given { args: self, file, _input: input })
    }
}

impl Given<'_> {
    /// Shapes (m_k, m_{k−1}), k = 1 … l.
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        self.file.shapes()
    }

    /// Bytes of all parameters; refuses what the memory cannot hold.
    pub fn bytes(&self) -> Result<u128, Failure> {
        let bytes = self.shapes().iter().map(|&(rows, cols)| rows as u128 * (cols as u128 + 1) * 8).sum();
        if bytes > u128::from(available_memory()) {
            return Err(Failure::refused(format!(
                "{}: the weights need {} of memory, and {} are available; use a smaller network",
                self.args.weights.display(),
                units::bytes(bytes),
                units::bytes(available_memory())
            )));
        }
        Ok(bytes)
    }

    /// Reads the parameters, and warns of those that another parameterization is likely to be meant for.
    pub fn read(self) -> Result<Theta, Failure> {
        let Self { args, file, .. } = self;
        let layers = file.read().map_err(|error| input::named(error, &args.weights))?;
        let theta = Theta::new(layers, args.parameterization);
        if let Some(doubt) = theta.doubt() {
            note(&format!(
                "eoc: {}: {doubt}; networks of PyTorch, JAX or Keras are --parameterization standard\n",
                shown(&args.weights)
            ));
        }
        Ok(theta)
    }
}
