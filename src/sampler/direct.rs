//! The direct sampler: the formulas of the network as they stand, every weight drawn, or given.

/// The passes of the direct sampler over the seeds that a device has in hand. Hidden layers count from 1; 0 is the
/// input.
pub trait DensePasses {
    /// Why a pass failed.
    type Error;
    /// Z = A W_kᵀ; sums C_k (and N = A W_lᵀ in the last hidden layer).
    fn forward(&mut self, k: usize) -> Result<(), Self::Error>;
    /// B_k = D∘(B_{k+1} W_{k+1}); K += (C_{k−1} ⊗ 11ᵀ) ∘ B Bᵀ.
    fn backward(&mut self, k: usize) -> Result<(), Self::Error>;
}

/// Runs the passes of a network with this many weight matrices: forward from layer 1 to l−1, backward from l−1 to 1.
pub fn run<P: DensePasses>(passes: &mut P, depth: usize) -> Result<(), P::Error> {
    (1..depth).try_for_each(|k| passes.forward(k))?;
    (1..depth).rev().try_for_each(|k| passes.backward(k))
}
