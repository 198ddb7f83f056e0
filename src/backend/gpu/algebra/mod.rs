//! The small matrices of the seeds in hand, and the algebra between the passes over neurons.
//!
//! ```text
//! root(k)     C_k → S_k, S_k⁺                  couple(k)   B Bᵀ, M, E, S⁺ → S_B, T of the layer below
//! backward    K += (C ⊗ 1 1ᵀ) ∘ B Bᵀ           at the end  K or its statistics against the limit, and what is wanted of the layers
//! ```
//!
//! On the host, which is the oracle, every sum comes back, is factorised in f64 and goes up again. On the device
//! nothing comes back before the end. Which of the two is a function of the job and the device (see `plan.rs`).

mod host;
mod on_device;

pub(super) use host::HostAlgebra;
pub(super) use on_device::DeviceAlgebra;

use super::executor::Run;
use super::module::Element;
use super::passes::View;
use super::recording::{Content, Proxy, Recording};
use super::sums::Sums;
use crate::backend::{Drawn, EngineError, Job};
use crate::stats::Reference;

/// What a batch asks of the small matrices of its seeds.
pub(super) trait Algebra {
    /// Begins these seeds.
    fn start(&mut self, seeds: &[u64]);
    /// S and S⁺ of layer k.
    fn root(&mut self, run: &mut Run, k: usize) -> Result<(), EngineError>;
    /// Takes C_k, and E_k or (in the last hidden layer) N.
    fn forward(
        &mut self,
        run: &mut Run,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
    ) -> Result<(), EngineError>;
    /// Takes B Bᵀ of layer k, which ends its term of K, and Mᵀ; and B' B'ᵀ of K_gia, where it is asked for and not the
    /// same.
    fn backward(
        &mut self,
        run: &mut Run,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
        independent: Option<Sums>,
    ) -> Result<(), EngineError>;
    /// S_B and T of layer k−1.
    fn couple(&mut self, run: &mut Run, k: usize) -> Result<(), EngineError>;
    /// S_kᵀ, f32, `[seed][column][row]`.
    fn root_of(&self, k: usize) -> Option<View>;
    /// Tᵀ and S_Bᵀ of layer k, f32.
    fn coupling_of(&self, k: usize) -> Option<(View, View)>;
    /// S'_Bᵀ of layer k, f32; None where K_gia is not asked for.
    fn independent_of(&self, k: usize) -> Option<View>;
    /// The kernels, with the matrices of the layers where they are kept.
    fn kernels(&mut self, run: &mut Run) -> Result<Vec<Drawn>, EngineError>;
    /// Their statistics as far as they are made here, and the kernels where there are more to make, or they are asked
    /// for.
    fn statistics(
        &mut self,
        run: &mut Run,
        reference: &Reference,
        kernels: bool,
    ) -> Result<Vec<Drawn>, EngineError>;
}

/// Sends small matrices of the host as a product of panels takes them, each rows × columns, f32 and turned:
/// `[seed][column][row]`.
fn upload_turned(
    recording: &mut Recording,
    to: Proxy,
    matrices: &[Vec<f64>],
    [rows, columns]: [usize; 2],
) -> View {
    let mut flat = Vec::with_capacity(matrices.len() * rows * columns);
    for matrix in matrices {
        for column in 0..columns {
            flat.extend((0..rows).map(|row| matrix[row * columns + column] as f32));
        }
    }
    recording.upload(to, Content::Bytes(bytemuck::cast_slice(&flat).to_vec()));
    // One matrix serves all seeds.
    let seed = if matrices.len() == 1 { 0 } else { (rows * columns) as u32 };
    View { buffer: to, seed, row: rows as u32, element: Element::F32 }
}

/// ‖N‖_F from N without the norms of the points, n × m_l.
fn output_norm(job: &Job, outputs: &[f64]) -> f64 {
    let of_point = job.network.outputs();
    let square = |(k, value): (usize, &f64)| (value * job.norms[k / of_point]).powi(2);
    outputs.iter().enumerate().map(square).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
