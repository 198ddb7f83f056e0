//! How far apart means of K and of K_gia can be: Proposition 17 of arXiv 2501.14724, summed over the layers of K.
//!
//! The proposition takes one matrix at a time. With B_{k,j} the product of the layers k … j on the way back (D_j W_j …
//! W_{k+1} D_k), its mean over W_j, of X_{k,j}(x, y) = tr B_{k,j}(x)B_{k,j}(y)ᵀ, is within
//!
//! ```text
//! g_{k,j} = Δ (8/π) √((1−ρ_{j−1})/(1+ρ_{j−1})) ‖B_{k,j−1}(x)‖ ‖B_{k,j−1}(y)‖        1 ≤ k < j ≤ l−1
//! ```
//!
//! of ϱ′(ρ_{j−1}) X_{k,j−1}, which is what it would be of a W_j that the activations do not know. ρ_{j−1} is the cosine
//! of the activations that feed W_j: of **hidden** ones, j−1 ≥ 1, so that nothing grows at opposite inputs. From the
//! top down, and with the factor C_{k−1} of the term of layer k, |E K − E K_gia| at a pair is at most
//!
//! ```text
//! scale · (‖x‖‖y‖/m_0) · Σ_k |ρ_{k−1}| Σ_{j>k} g_{k,j} Π_{i>j} ϱ′(ρ_{i−1})
//! ```
//!
//! Cosines here are those of the limit, and norms are bounded: ‖B_{k,j}(x)‖ is at most the product of κ/√m_i over its
//! layers and of the ‖W_i‖ between them, and E‖W_i‖² ≤ (√m_i + √m_{i−1})² + 1 (Gordon's inequality, and a variance of
//! at most 1). That is 2κ a layer where the truth is near 1: the bound is honest and grows loose with depth, as m^−1 at
//! every depth.
//!
//! Cost: O(n² l²), O(n² l) memory.

use super::pairs::Pairs;
use crate::data::DataSet;
use crate::model::Network;

/// The right side for every pair of points, n × n, symmetric, 0 on the diagonal; of plain entries of K, not divided by
/// n. NaN in rows and columns of zero points. All zero below depth 3, where no gradient knows a matrix that an
/// activation knows.
pub fn independence_bound(network: &Network, data: &DataSet) -> Vec<f64> {
    let (n, depth, hidden) = (data.n(), network.depth(), network.hidden());
    let activation = network.activation();
    let (delta, kappa) = (activation.delta(), activation.kappa());
    let mut pairs = Pairs::new(data, activation, network.scale());
    // δ_k of the activations A_k, k = 0 … l−2.
    let distances: Vec<Vec<f64>> = (1..depth.max(2))
        .map(|d| {
            pairs.advance_to(d);
            pairs.deltas()
        })
        .collect();
    let width = |k: usize| hidden[k - 1] as f64;
    // ‖B_{k,j}‖², in the mean at most; layers from 1.
    let norm = |k: usize, j: usize| -> f64 {
        let slopes: f64 = (k..=j).map(|i| kappa * kappa / width(i)).product();
        let matrices: f64 =
            (k + 1..=j).map(|i| (width(i).sqrt() + width(i - 1).sqrt()).powi(2) + 1.0).product();
        slopes * matrices
    };
    let norms: Vec<Vec<f64>> = (1..depth).map(|k| (k + 1..depth).map(|j| norm(k, j - 1)).collect()).collect();
    let row_norms: Vec<f64> = (0..n).map(|i| data.row(i).iter().map(|x| x * x).sum::<f64>().sqrt()).collect();
    let factor = network.scale() / data.dim() as f64;
    let at = |pair: usize| -> f64 {
        let distance = |k: usize| distances[k][pair];
        let angle = |k: usize| 2.0 * (distance(k) / 2.0).clamp(0.0, 1.0).sqrt().asin();
        let derivative = |k: usize| 1.0 - delta * std::f64::consts::FRAC_2_PI * angle(k);
        let mut sum = 0.0;
        for k in 1..depth {
            let mut above = 1.0;
            for j in (k + 1..depth).rev() {
                // √((1−ρ)/(1+ρ)) is the tangent of half the angle.
                let gap = delta * 8.0 * std::f64::consts::FRAC_1_PI * (angle(j - 1) / 2.0).tan();
                sum += (1.0 - distance(k - 1)).abs() * above * gap * norms[k - 1][j - k - 1];
                above *= derivative(j - 1);
            }
        }
        sum
    };
    let entry = |pair: usize| {
        let (i, j) = (pair / n, pair % n);
        if i == j && row_norms[i] > 0.0 { 0.0 } else { factor * row_norms[i] * row_norms[j] * at(pair) }
    };
    (0..n * n).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::activation::Activation;

    fn plane(angle: f64) -> DataSet {
        DataSet::new(vec![2.0, 0.0, 3.0 * angle.cos(), 3.0 * angle.sin()], 2).unwrap()
    }

    /// Depth 3 has one step: layer 1 under layer 2.
    #[test]
    fn one_step_by_hand() {
        let network = Network::new(Activation::RELU, vec![50, 70], 1).unwrap().with_scale(2.0).unwrap();
        let data = plane(0.7);
        let found = independence_bound(&network, &data);
        let rho = 0.7f64.cos();
        let rho_1 = rho + std::f64::consts::FRAC_1_PI * ((1.0 - rho * rho).sqrt() - rho * 0.7);
        let gap = 4.0 * std::f64::consts::FRAC_1_PI * ((1.0 - rho_1) / (1.0 + rho_1)).sqrt() * 2.0 / 50.0;
        let expected = 2.0 * (6.0 / 2.0) * rho * gap;
        assert!((found[1] / expected - 1.0).abs() < 1e-12, "{} {expected}", found[1]);
        assert_eq!((found[0], found[3], found[2]), (0.0, 0.0, found[1]));
    }

    #[test]
    fn nothing_is_bounded_where_nothing_differs() {
        let data = plane(0.7);
        let of = |phi: &str, hidden: &[u64], data: &DataSet| {
            let network = Network::new(phi.parse().unwrap(), hidden.to_vec(), 1).unwrap();
            independence_bound(&network, data)
        };
        for (phi, hidden) in [("abs", &[][..]), ("abs", &[9]), ("identity", &[9, 9, 9])] {
            assert_eq!(of(phi, hidden, &data), [0.0; 4], "{phi} {hidden:?}");
        }
        // Opposite points are nothing special: their hidden activations are not opposite.
        let opposite = of("abs", &[64, 64], &DataSet::new(vec![1.0, 0.0, -1.0, 0.0], 2).unwrap())[1];
        assert!(opposite.is_finite() && opposite < 0.1, "{opposite}");
        let zero = of("abs", &[64, 64], &DataSet::new(vec![1.0, 0.0, 0.0, 0.0], 2).unwrap());
        assert!(zero[0] == 0.0 && zero[1].is_nan() && zero[3].is_nan());
        // It falls as 1/m.
        let (narrow, wide) = (of("relu", &[256; 3], &data)[1], of("relu", &[25_600; 3], &data)[1]);
        assert!((narrow / wide / 100.0 - 1.0).abs() < 0.01, "{narrow} {wide}");
    }
}
