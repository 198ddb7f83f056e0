//! Networks in the standard parameterization, slowly: their Jacobian by one forward derivative for each parameter, in
//! f64.

use eoc_ntk::data::weights::{LayerWeights, WeightMatrix};
use eoc_ntk::math::activation::Activation;
use eoc_ntk::rng::{Role, Stream};

use super::naive::Mat;

/// Parameters of the size that training has: normal deviates over √fan_in, biases of a tenth and more.
pub fn parameters(sizes: &[usize], biased: impl Fn(usize) -> bool, seed: u64) -> Vec<LayerWeights> {
    let mut stream = Stream::new(seed, Role::Data);
    let layer = |(k, pair): (usize, &[usize])| {
        let [cols, rows] = [pair[0], pair[1]];
        let factor = 1.4 / (cols as f64).sqrt();
        // f32 values: what a file of F32 holds is exact.
        let values = (0..rows * cols).map(|_| f64::from((factor * stream.normal()) as f32)).collect();
        let bias =
            biased(k + 1).then(|| (0..rows).map(|_| f64::from((0.5 * stream.normal()) as f32)).collect());
        LayerWeights { matrix: WeightMatrix { rows, cols, values }, bias }
    };
    sizes.windows(2).enumerate().map(layer).collect()
}

/// f(x) and its derivative along one parameter: W_k[row][col], or c_k[row] where there is no column.
fn forward(
    phi: Activation,
    layers: &[LayerWeights],
    x: &[f64],
    (at, row, col): (usize, usize, Option<usize>),
) -> Vec<(f64, f64)> {
    let mut h: Vec<(f64, f64)> = x.iter().map(|v| (*v, 0.0)).collect();
    for (k, layer) in layers.iter().enumerate() {
        let z = (0..layer.matrix.rows).map(|r| {
            let mut s = (layer.bias.as_ref().map_or(0.0, |c| c[r]), 0.0);
            for (c, (a, da)) in h.iter().enumerate() {
                let w = layer.matrix.values[r * layer.matrix.cols + c];
                s = (s.0 + w * a, s.1 + w * da);
            }
            if k == at && r == row {
                s.1 += col.map_or(1.0, |c| h[c].0);
            }
            s
        });
        let z: Vec<(f64, f64)> = z.collect();
        if k + 1 == layers.len() {
            return z;
        }
        let slope = |s: f64| phi.a() + if s == 0.0 { 0.0 } else { phi.b() * s.signum() };
        h = z.iter().map(|&(s, ds)| (phi.a() * s + phi.b() * s.abs(), slope(s) * ds)).collect();
    }
    unreachable!("a network has a last layer")
}

/// f at every point, one after another.
pub fn outputs(phi: Activation, layers: &[LayerWeights], rows: &[&[f64]]) -> Vec<f64> {
    let nowhere = (usize::MAX, 0, None);
    rows.iter().flat_map(|x| forward(phi, layers, x, nowhere)).map(|f| f.0).collect()
}

/// The Jacobian of all outputs at all points, a row for each (point-major), a column for each trained parameter.
pub fn jacobian(phi: Activation, layers: &[LayerWeights], rows: &[&[f64]]) -> Mat {
    let mut parameters = Vec::new();
    for (k, layer) in layers.iter().enumerate() {
        for row in 0..layer.matrix.rows {
            parameters.extend((0..layer.matrix.cols).map(|col| (k, row, Some(col))));
            parameters.extend(layer.bias.as_ref().map(|_| (k, row, None)));
        }
    }
    let of_point = |x: &&[f64]| {
        let columns: Vec<Vec<(f64, f64)>> =
            parameters.iter().map(|along| forward(phi, layers, x, *along)).collect();
        (0..columns[0].len()).map(|o| columns.iter().map(|column| column[o].1).collect()).collect::<Mat>()
    };
    rows.iter().flat_map(of_point).collect()
}

/// One entry of J Jᵀ.
pub fn entry(jacobian: &Mat, i: usize, j: usize) -> f64 {
    jacobian[i].iter().zip(&jacobian[j]).map(|(x, y)| x * y).sum()
}

/// J Jᵀ, row-major.
pub fn kernel(jacobian: &Mat) -> Vec<f64> {
    let q = jacobian.len();
    (0..q * q).map(|at| entry(jacobian, at / q, at % q)).collect()
}

/// A .safetensors file of tensors of these names, shapes and values, as F64 or F32.
pub fn safetensors(tensors: &[(String, Vec<usize>, Vec<f64>)], in_f64: bool) -> Vec<u8> {
    let (dtype, item) = if in_f64 { ("F64", 8) } else { ("F32", 4) };
    let (mut entries, mut values) = (Vec::new(), Vec::new());
    for (name, shape, of_tensor) in tensors {
        let start = values.len();
        for value in of_tensor {
            if in_f64 {
                values.extend(value.to_le_bytes())
            } else {
                values.extend((*value as f32).to_le_bytes())
            }
        }
        assert_eq!(values.len() - start, item * shape.iter().product::<usize>());
        let end = values.len();
        entries.push(format!(
            r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
        ));
    }
    let header = format!("{{{}}}", entries.join(","));
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &values].concat()
}

/// Whose names a file has.
#[derive(Clone, Copy, Debug)]
pub enum Style {
    Own,
    PyTorch,
    Flax,
}

/// The same parameters under the names of this crate, of PyTorch's `Sequential` and of Flax, as they are stored there.
pub fn named(layers: &[LayerWeights], style: Style) -> Vec<(String, Vec<usize>, Vec<f64>)> {
    let mut tensors = Vec::new();
    for (k, LayerWeights { matrix, bias }) in layers.iter().enumerate() {
        let WeightMatrix { rows, cols, values } = matrix;
        let turned = || (0..rows * cols).map(|at| values[at % rows * cols + at / rows]).collect();
        let (name, of_bias, shape, values) = match style {
            Style::Own => (format!("W{}", k + 1), format!("b{}", k + 1), vec![*rows, *cols], values.clone()),
            Style::PyTorch => {
                (format!("{}.weight", 5 * k), format!("{}.bias", 5 * k), vec![*rows, *cols], values.clone())
            }
            Style::Flax => {
                (format!("Dense_{k}/kernel"), format!("Dense_{k}/bias"), vec![*cols, *rows], turned())
            }
        };
        tensors.push((name, shape, values));
        tensors.extend(bias.as_ref().map(|bias| (of_bias, vec![*rows], bias.clone())));
    }
    tensors
}
