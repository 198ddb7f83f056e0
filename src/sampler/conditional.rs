//! The conditional sampler: the same law without any hidden weight.
//!
//! The step between layers k and k+1, given the activations A_k with Gram matrix C_k = A_k A_kᵀ = S_kᵀ S_k:
//!
//! 1. The columns of Z_{k+1}, one a neuron, are independent N(0, C_k). So Z_{k+1} = G_{k+1} S_k with a standard normal
//!    G_{k+1} (m_{k+1} × n).
//! 2. B_{k+1} depends on W_{k+1} only through Z_{k+1}. Given Z_{k+1}, the rows of W_{k+1} are known on the span of the
//!    n activations and fresh Gaussians on its complement. With Q_k = A_kᵀ S_k⁺,
//!
//!    ```text
//!    W_{k+1}ᵀ B_{k+1}ᵀ = Q_k (G_{k+1}ᵀ B_{k+1}ᵀ) + (I − Q_k Q_kᵀ) H S_B,       S_BᵀS_B = B_{k+1} B_{k+1}ᵀ
//!                      = A_kᵀ T + H S_B,   T = S_k⁺ (G_{k+1}ᵀ B_{k+1}ᵀ − (S_k⁺)ᵀ (A_k H) S_B)
//!    ```
//!
//!    H standard normal m_k × (n·m_l). The small A_k H is summed while the forward pass has the rows in hand.
//! 3. W_l is small and drawn as it is; W_1 is needed only through Z_1.
//!
//! Cost 3n² + 6nq + 3q² operations and 2(n + q) deviates for each neuron, q = n·m_l.
//!
//! **Gradient independence.** Were the weights on the way back drawn anew, independent of those on the way forward,
//! B_{k+1} would not know W_{k+1}, and Wᵀ_{k+1} B_{k+1}ᵀ given B_{k+1} would be N(0, B_{k+1} B_{k+1}ᵀ) in every row: H
//! S_B, which is the step above with T = 0. So the same G and H give a second kernel, K_gia, whose law is that of a
//! network with fresh weights on the way back:
//!
//! ```text
//! B'_{l−1} = B_{l−1}       B'_k = D_k ∘ (H S'_B),  S'_BᵀS'_B = B'_{k+1} B'_{k+1}ᵀ       K_gia = Σ_k (C_{k−1} ⊗ 11ᵀ) ∘ (B'_k B'_kᵀ)
//! ```
//!
//! Above the last hidden layer nothing differs: N knows W_l, and no gradient does. D, C and the draws are shared, and
//! S'_B has a chain of its own: to drop T only where U is made, or to take S_B for S'_B, would be neither law. It costs
//! 3q² operations a neuron below the last hidden layer, and one more factorisation of q × q for every such layer but
//! the first.

/// The passes of the conditional sampler over the seeds that a device has in hand. Hidden layers count from 1; 0 is the
/// input.
pub trait ConditionalPasses {
    /// Why a pass failed.
    type Error;
    /// S and S⁺ of C_k, 0 ≤ k < l−1.
    fn root(&mut self, k: usize) -> Result<(), Self::Error>;
    /// G → Z → A of layer k; sums C_k = A Aᵀ and E_k = A H (N = A W_lᵀ in the last hidden layer).
    fn forward(&mut self, k: usize) -> Result<(), Self::Error>;
    /// U = Aᵀ T + H S_B (W_l at the top), B = D∘U; sums B Bᵀ and M = Gᵀ Bᵀ; K += (C_{k−1} ⊗ 11ᵀ) ∘ B Bᵀ. Where the job
    /// asks for gradient independence, the same of B' = D∘(H S'_B) for K_gia.
    fn backward(&mut self, k: usize) -> Result<(), Self::Error>;
    /// B Bᵀ, M of layer k and E, S⁺ of layer k−1 → S_B and T for layer k−1, k ≥ 2; and S'_B from B' B'ᵀ.
    fn couple(&mut self, k: usize) -> Result<(), Self::Error>;
}

/// Runs the passes of a network with this many weight matrices.
pub fn run<P: ConditionalPasses>(passes: &mut P, depth: usize) -> Result<(), P::Error> {
    for k in 1..depth {
        passes.root(k - 1)?;
        passes.forward(k)?;
    }
    for k in (1..depth).rev() {
        passes.backward(k)?;
        if k > 1 {
            passes.couple(k)?;
        }
    }
    Ok(())
}
