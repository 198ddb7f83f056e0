//! The definitions, in f64, by loops over single numbers: K from the Jacobian itself, and the conditional draw in its
//! first form, with Q formed.

use eoc_ntk::math::root::{Noise, root};
use eoc_ntk::model::Network;
use eoc_ntk::rng::{Role, Tensor};

/// Rows of numbers.
pub type Mat = Vec<Vec<f64>>;

/// A value and its derivative along one direction in θ.
#[derive(Clone, Copy)]
struct Dual(f64, f64);

fn phi(network: &Network, s: Dual) -> Dual {
    let (a, b) = (network.activation().a(), network.activation().b());
    let sign = if s.0 == 0.0 { 0.0 } else { s.0.signum() };
    Dual(a * s.0 + b * s.0.abs(), (a + b * sign) * s.1)
}

/// W_1 … W_l of a seed.
pub fn weights(network: &Network, dim: usize, seed: u64) -> Vec<Mat> {
    let mut sizes = vec![dim];
    sizes.extend(network.hidden().iter().map(|&m| m as usize));
    sizes.push(network.outputs());
    (1..sizes.len())
        .map(|k| {
            let t = Tensor::new(seed, Role::Weight, k);
            (0..sizes[k])
                .map(|r| (0..sizes[k - 1]).map(|c| f64::from(t.normal(r as u32, c as u32))).collect())
                .collect()
        })
        .collect()
}

/// N(x) and its derivative along W_k[r][c].
fn forward(network: &Network, weights: &[Mat], x: &[f64], along: (usize, usize, usize)) -> Vec<Dual> {
    let mut h: Vec<Dual> = x.iter().map(|v| Dual(v / (x.len() as f64).sqrt(), 0.0)).collect();
    for (k, w) in weights.iter().enumerate() {
        let z: Vec<Dual> = w
            .iter()
            .enumerate()
            .map(|(r, row)| {
                let mut s = Dual(0.0, 0.0);
                for (c, (&w, a)) in row.iter().zip(&h).enumerate() {
                    let dw = if (k, r, c) == along { 1.0 } else { 0.0 };
                    s = Dual(s.0 + w * a.0, s.1 + w * a.1 + dw * a.0);
                }
                s
            })
            .collect();
        if k + 1 == weights.len() {
            return z;
        }
        let norm = network.activation().sigma() * (w.len() as f64).sqrt();
        h = z.iter().map(|&s| phi(network, s)).map(|d| Dual(d.0 / norm, d.1 / norm)).collect();
    }
    h
}

/// K = J Jᵀ, one forward derivative for each weight, and ‖N‖_F.
pub fn jacobian_kernel(network: &Network, weights: &[Mat], rows: &[&[f64]]) -> (Vec<f64>, f64) {
    let q = rows.len() * network.outputs();
    let mut kernel = vec![0.0; q * q];
    for (k, w) in weights.iter().enumerate() {
        for (r, row) in w.iter().enumerate() {
            for c in 0..row.len() {
                let column: Vec<f64> = rows
                    .iter()
                    .flat_map(|x| forward(network, weights, x, (k, r, c)).into_iter().map(|d| d.1))
                    .collect();
                for i in 0..q {
                    for j in 0..q {
                        kernel[i * q + j] += network.scale() * column[i] * column[j];
                    }
                }
            }
        }
    }
    let nowhere = (usize::MAX, 0, 0);
    let norm =
        rows.iter().flat_map(|x| forward(network, weights, x, nowhere)).map(|d| d.0 * d.0).sum::<f64>();
    (kernel, norm.sqrt())
}

/// A fault to plant in the conditional draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    None,
    /// U = H S_B: the gradient independence assumption, which makes K_gia of the same draws.
    NoRegression,
    /// K_gia with S_B of K: T is dropped where the term of a layer is made, and not in the layers above.
    LateDrop,
    /// U = Q(GᵀBᵀ) + H S_B.
    NoProjection,
    /// 1/√(m+1) in place of 1/√m in the first hidden layer.
    WrongFanIn,
    /// GᵀBᵀ with the outputs of a point in reverse order.
    SwappedOutputs,
}

fn normals(role: Role, layer: usize, seed: u64, rows: usize, columns: usize) -> Mat {
    let t = Tensor::new(seed, role, layer);
    (0..rows).map(|r| (0..columns).map(|c| f64::from(t.normal(r as u32, c as u32))).collect()).collect()
}

/// a·b.
pub fn times(a: &Mat, b: &Mat) -> Mat {
    let columns = b.first().map_or(0, Vec::len);
    a.iter()
        .map(|row| (0..columns).map(|j| row.iter().zip(b).map(|(x, y)| x * y[j]).sum()).collect())
        .collect()
}

/// aᵀ.
pub fn turned(a: &Mat) -> Mat {
    (0..a.first().map_or(0, Vec::len)).map(|j| a.iter().map(|row| row[j]).collect()).collect()
}

fn square(flat: &[f64], n: usize) -> Mat {
    flat.chunks(n).map(<[f64]>::to_vec).collect()
}

fn flat(a: &Mat) -> Vec<f64> {
    a.iter().flatten().copied().collect()
}

/// The conditional draw of a seed in the Q form of the derivation, all-f64: U = Q(GᵀBᵀ) + (I − QQᵀ)H S_B.
/// Rows must have norm √m_0.
pub fn conditional_kernel(network: &Network, rows: &[&[f64]], seed: u64, fault: Fault) -> Vec<f64> {
    let (n, m_l, depth) = (rows.len(), network.outputs(), network.depth());
    let q = n * m_l;
    let (fa, fb, sigma) = (network.activation().a(), network.activation().b(), network.activation().sigma());
    let m0 = rows[0].len() as f64;
    let mut a: Vec<Mat> = vec![rows.iter().map(|x| x.iter().map(|v| v / m0.sqrt()).collect()).collect()];
    let (mut z, mut g, mut roots) = (vec![vec![]], vec![vec![]], vec![]);
    for k in 1..depth {
        let m = network.hidden()[k - 1] as usize;
        let r = root(&flat(&times(&a[k - 1], &turned(&a[k - 1]))), n, Noise::of_panels(f64::EPSILON), true)
            .unwrap();
        let (half, pseudo) = (square(&r.half, n), square(&r.pseudo, n));
        let gk = normals(Role::Forward, k, seed, m, n);
        let zk = turned(&times(&gk, &half));
        let fan_in = m as f64 + if fault == Fault::WrongFanIn && k == 1 { 1.0 } else { 0.0 };
        let norm = sigma * fan_in.sqrt();
        a.push(zk.iter().map(|row| row.iter().map(|s| (fa * s + fb * s.abs()) / norm).collect()).collect());
        z.push(zk);
        g.push(gk);
        roots.push(pseudo);
    }
    let mut kernel = vec![0.0; q * q];
    let mut add = |a: &Mat, b_gram: &dyn Fn(usize, usize) -> f64| {
        let c = times(a, &turned(a));
        for i in 0..q {
            for j in 0..q {
                kernel[i * q + j] += network.scale() * c[i / m_l][j / m_l] * b_gram(i, j);
            }
        }
    };
    add(&a[depth - 1], &|i, j| if i % m_l == j % m_l { 1.0 } else { 0.0 });
    let mut b: Mat = vec![];
    for k in (1..depth).rev() {
        let m = network.hidden()[k - 1] as usize;
        let mut fresh = None;
        let u: Mat = if k + 1 == depth {
            let w = normals(Role::Weight, depth, seed, m_l, m);
            (0..q).map(|i| w[i % m_l].clone()).collect()
        } else {
            let gram = times(&b, &turned(&b));
            let s_b = square(&root(&flat(&gram), q, Noise::of_panels(f64::EPSILON), false).unwrap().half, q);
            let q_k = times(&turned(&a[k]), &roots[k]);
            let h = times(&normals(Role::Backward, k, seed, m, q), &s_b);
            let mut m_k = times(&turned(&g[k + 1]), &turned(&b));
            if fault == Fault::SwappedOutputs {
                m_k.iter_mut().for_each(|row| row.chunks_mut(m_l).for_each(<[f64]>::reverse));
            }
            let regression = times(&q_k, &m_k);
            let projected = times(&q_k, &times(&turned(&q_k), &h));
            fresh = Some(h.clone());
            (0..q)
                .map(|i| {
                    (0..m)
                        .map(|r| match fault {
                            Fault::NoRegression => h[r][i],
                            Fault::NoProjection => regression[r][i] + h[r][i],
                            _ => regression[r][i] + h[r][i] - projected[r][i],
                        })
                        .collect()
                })
                .collect()
        };
        let norm = sigma * (m as f64).sqrt();
        let slope = |s: f64| if s == 0.0 { fa } else { fa + fb * s.signum() };
        let below = |u: &Mat| -> Mat {
            (0..q).map(|i| (0..m).map(|r| u[i][r] * slope(z[k][i / m_l][r]) / norm).collect()).collect()
        };
        b = below(&u);
        let gram = match (fault, fresh) {
            (Fault::LateDrop, Some(h)) => {
                let b = below(&turned(&h));
                times(&b, &turned(&b))
            }
            _ => times(&b, &turned(&b)),
        };
        add(&a[k - 1], &|i, j| gram[i][j]);
    }
    kernel
}

/// K of a network whose weights on the way back are those of the seed `back`, and not those on the way forward: what
/// the gradient independence assumption says of K. With `back` = `seed` it is K.
pub fn independent_kernel(network: &Network, rows: &[&[f64]], seed: u64, back: u64) -> Vec<f64> {
    let (m_l, depth, dim) = (network.outputs(), network.depth(), rows[0].len());
    let (fa, fb, sigma) = (network.activation().a(), network.activation().b(), network.activation().sigma());
    let (forward, backward) = (weights(network, dim, seed), weights(network, dim, back));
    let q = rows.len() * m_l;
    let mut a: Vec<Mat> =
        vec![rows.iter().map(|x| x.iter().map(|v| v / (dim as f64).sqrt()).collect()).collect()];
    let mut slopes = vec![vec![]];
    for w in &forward[..depth - 1] {
        let z = times(&a[a.len() - 1], &turned(w));
        let norm = sigma * (w.len() as f64).sqrt();
        let of = |f: &dyn Fn(f64) -> f64| -> Mat {
            z.iter().map(|row| row.iter().map(|s| f(*s) / norm).collect()).collect()
        };
        slopes.push(of(&|s| if s == 0.0 { fa } else { fa + fb * s.signum() }));
        a.push(of(&|s| fa * s + fb * s.abs()));
    }
    let mut b: Mat = (0..q).map(|i| (0..m_l).map(|o| f64::from(u8::from(o == i % m_l))).collect()).collect();
    let mut kernel = vec![0.0; q * q];
    for k in (1..=depth).rev() {
        let (c, gram) = (times(&a[k - 1], &turned(&a[k - 1])), times(&b, &turned(&b)));
        for i in 0..q {
            for j in 0..q {
                kernel[i * q + j] += network.scale() * c[i / m_l][j / m_l] * gram[i][j];
            }
        }
        if k > 1 {
            b = times(&b, &backward[k - 1]);
            for (i, row) in b.iter_mut().enumerate() {
                row.iter_mut().zip(&slopes[k - 1][i / m_l]).for_each(|(u, d)| *u *= d);
            }
        }
    }
    kernel
}

/// A_{k−1}A_{k−1}ᵀ and B_kB_kᵀ of layers k = 1 … l, as the formulas say.
pub fn layer_matrices(network: &Network, weights: &[Mat], rows: &[&[f64]]) -> Vec<(Mat, Mat)> {
    let (m_l, phi) = (network.outputs(), network.activation());
    let slope = |s: f64| phi.a() + if s == 0.0 { 0.0 } else { phi.b() * s.signum() };
    let mut a: Vec<Mat> =
        vec![rows.iter().map(|x| x.iter().map(|v| v / (x.len() as f64).sqrt()).collect()).collect()];
    let mut d = vec![vec![]];
    for w in &weights[..weights.len() - 1] {
        let norm = phi.sigma() * (w.len() as f64).sqrt();
        let z = times(&a[a.len() - 1], &turned(w));
        let each =
            |f: &dyn Fn(f64) -> f64| z.iter().map(|row| row.iter().map(|s| f(*s) / norm).collect()).collect();
        a.push(each(&|s| phi.a() * s + phi.b() * s.abs()));
        d.push(each(&slope));
    }
    let unit = |i: usize| (0..m_l).map(|o| if i % m_l == o { 1.0 } else { 0.0 }).collect();
    let mut b: Mat = (0..rows.len() * m_l).map(unit).collect();
    let mut layers = Vec::new();
    for k in (1..=weights.len()).rev() {
        layers.push((times(&a[k - 1], &turned(&a[k - 1])), times(&b, &turned(&b))));
        if k > 1 {
            let u = times(&b, &weights[k - 1]);
            let row =
                |i: usize| u[i].iter().zip(&d[k - 1][i / m_l] as &Vec<f64>).map(|(u, d)| u * d).collect();
            b = (0..u.len()).map(row).collect();
        }
    }
    layers.reverse();
    layers
}
