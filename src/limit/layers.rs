//! The limit layer by layer: the cosines that reach a layer, and what of a gradient comes back to it.
//!
//! With x_k the activations that feed W_k (x_1 the input) and B_k the gradient that reaches its neurons, for k = 1 … l
//!
//! ```text
//! cosine of x_k(x), x_k(x′)               → ρ_{k−1}
//! mean over outputs of B_k(x) B_k(x′)ᵀ    → Π_{j=k..l−1} ϱ′(ρ_{j−1})        1 at k = l
//! ```
//!
//! Their product, times ‖x‖‖x′‖/m_0, is the term of layer k of K∞.

use super::pairs::Pairs;
use crate::data::DataSet;
use crate::math::activation::Activation;

/// What one layer tends to; n × n, row-major, symmetric; NaN in the rows and columns of zero points.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerLimit {
    /// δ_{k−1} = 1 − ρ_{k−1}, the cosine distances of the activations that feed W_k; zero on the diagonal.
    pub deltas: Vec<f64>,
    /// Π_{j=k..l−1} ϱ′(ρ_{j−1}); one on the diagonal.
    pub gradients: Vec<f64>,
}

/// The limits of layers 1 … l of a network of l = `depth` weight matrices. Memory: 2·n²·l numbers.
pub fn layer_limits(data: &DataSet, activation: Activation, depth: usize) -> Vec<LayerLimit> {
    let mut pairs = Pairs::new(data, activation, 1.0);
    let mut layers = Vec::with_capacity(depth);
    for layer in 1..=depth {
        pairs.advance_to(layer);
        // ϱ′(ρ_{k−1}) for now; below it is multiplied up from the top.
        layers.push(LayerLimit { deltas: pairs.deltas(), gradients: pairs.slopes() });
    }
    // Of the last layer 1, and NaN where there is no angle; below, times ϱ′ of the layer in hand.
    let mut product: Option<Vec<f64>> = None;
    for layer in layers.iter_mut().rev() {
        let slopes = std::mem::take(&mut layer.gradients);
        layer.gradients = match product {
            None => layer.deltas.iter().map(|delta| if delta.is_nan() { f64::NAN } else { 1.0 }).collect(),
            Some(above) => above.iter().zip(slopes).map(|(above, slope)| above * slope).collect(),
        };
        product = Some(layer.gradients.clone());
    }
    layers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Limit;

    #[test]
    fn the_terms_of_all_layers_add_up_to_the_limit() {
        let rows = vec![1.0, 0.0, 0.3, 2.0, -1.0, 0.5, -1.0, 0.0, -0.3, 0.7, 0.7, 0.1];
        let data = DataSet::new(rows, 3).unwrap();
        for activation in [Activation::ABS, Activation::RELU, Activation::new(0.9, -0.2).unwrap()] {
            for depth in [1, 2, 5, 40] {
                let layers = layer_limits(&data, activation, depth);
                let ntk = Limit::new(&data, activation, depth, 1.0);
                let norm = |i: usize| data.row(i).iter().map(|x| x * x).sum::<f64>().sqrt();
                for (entry, expected) in ntk.ntk().iter().enumerate() {
                    let size = norm(entry / 4) * norm(entry % 4) / 3.0;
                    let term = |layer: &LayerLimit| (1.0 - layer.deltas[entry]) * layer.gradients[entry];
                    let sum: f64 = layers.iter().map(term).sum();
                    let error = (sum * size - expected).abs() / (size * depth as f64);
                    assert!(error < 1e-14, "{activation:?}, depth {depth}, entry {entry}: {error:e}");
                }
            }
        }
    }

    #[test]
    fn zero_points_have_no_angle_and_a_slope_is_that_of_its_own_layer() {
        let data = DataSet::new(vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0], 2).unwrap();
        let layers = layer_limits(&data, Activation::ABS, 3);
        assert!(
            layers.iter().all(|l| l.deltas[1].is_nan() && l.gradients[4].is_nan() && l.gradients[0] == 1.0)
        );
        // ρ_0 = 0, ρ_1 = 2/π for |s|: ϱ′(ρ) = 1 − (2/π) arccos ρ.
        let slope = |rho: f64| 1.0 - std::f64::consts::FRAC_2_PI * rho.acos();
        let rho = std::f64::consts::FRAC_2_PI;
        for (layer, expected) in layers.iter().zip([slope(0.0) * slope(rho), slope(rho), 1.0]) {
            assert!(
                (layer.gradients[2] - expected).abs() < 1e-15,
                "{} is not {expected}",
                layer.gradients[2]
            );
        }
        assert!((layers[1].deltas[2] - (1.0 - rho)).abs() < 1e-15);
    }
}
