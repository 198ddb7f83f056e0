//! θ: the weights and biases of a network, drawn from a seed or read from a file.
//!
//! Written as `.safetensors` with the tensors W1 … Wl, F32, W_k of shape [m_k, m_{k−1}] ([`write()`]). Read from what
//! others write as well ([`WeightFile`]): F32, F64, F16 or BF16 as f64, in which all four are exact; the header is
//! checked before any value is read.

mod draw;
mod foreign;
mod layout;
mod names;
mod read;

pub use draw::{draw_row, shapes, write};
pub use read::WeightFile;

use crate::model::Parameterization;

/// One matrix of given weights.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightMatrix {
    /// m_k.
    pub rows: usize,
    /// m_{k−1}.
    pub cols: usize,
    /// Row-major values.
    pub values: Vec<f64>,
}

/// The parameters of one layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerWeights {
    /// W_k.
    pub matrix: WeightMatrix,
    /// c_k, of length m_k, where the layer has a bias.
    pub bias: Option<Vec<f64>>,
}

impl From<WeightMatrix> for LayerWeights {
    fn from(matrix: WeightMatrix) -> Self {
        Self { matrix, bias: None }
    }
}

/// All parameters of a network, and what they are parameters of. A list of matrices is θ in NTK parameterization.
#[derive(Clone, Debug, PartialEq)]
pub struct Theta {
    /// Layers 1 … l.
    pub layers: Vec<LayerWeights>,
    /// Where the constants of the network stand.
    pub parameterization: Parameterization,
}

impl Theta {
    /// The parameters of a network in a parameterization.
    pub fn new<L: Into<LayerWeights>>(
        layers: impl IntoIterator<Item = L>,
        parameterization: Parameterization,
    ) -> Self {
        Self { layers: layers.into_iter().map(Into::into).collect(), parameterization }
    }

    /// W_k, row-major, k from 1.
    pub fn weights(&self, k: usize) -> &[f64] {
        &self.layers[k - 1].matrix.values
    }

    /// c_k, k from 1, where the layer has a bias.
    pub fn bias(&self, k: usize) -> Option<&[f64]> {
        self.layers[k - 1].bias.as_deref()
    }

    /// Whether any layer has a bias.
    pub fn has_biases(&self) -> bool {
        self.layers.iter().any(|layer| layer.bias.is_some())
    }

    /// Layers whose weights are no draw from N(0,1), for which NTK parameterization is meant: k, and the root mean
    /// square of W_k, which is below ½ or above 2. In a matrix of 32 weights or more N(0,1) comes to that once in a
    /// million draws; smaller ones tell nothing and are left out.
    pub fn far_from_normal(&self) -> Vec<(usize, f64)> {
        let size = |layer: &LayerWeights| {
            let values = &layer.matrix.values;
            (values.iter().map(|w| w * w).sum::<f64>() / values.len() as f64).sqrt()
        };
        let all = (1..).zip(&self.layers).filter(|(_, layer)| layer.matrix.values.len() >= LEAST_WEIGHTS);
        all.map(|(k, layer)| (k, size(layer))).filter(|(_, size)| !(0.5..=2.0).contains(size)).collect()
    }

    /// Why another parameterization is likely to be meant, where weights in NTK parameterization are far from N(0,1).
    pub fn doubt(&self) -> Option<String> {
        if self.parameterization != Parameterization::Ntk {
            return None;
        }
        let far = self.far_from_normal();
        let (k, size) = far.first()?;
        let who = match far.len() - 1 {
            0 => format!("W{k} is"),
            more => format!("W{k} and {more} more are"),
        };
        Some(format!("{who} no draw from N(0,1), with root mean square {size:.3} of W{k}"))
    }
}

impl From<Vec<WeightMatrix>> for Theta {
    fn from(matrices: Vec<WeightMatrix>) -> Self {
        Self::new(matrices, Parameterization::Ntk)
    }
}

/// Weights whose size says whether they are drawn from N(0,1).
const LEAST_WEIGHTS: usize = 32;
