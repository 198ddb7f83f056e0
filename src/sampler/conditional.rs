//! The conditional sampler: the same law without any hidden weight.
//!
//! The step between layers k and k+1, given the activations A_k with Gram matrix C_k = A_k A_kᵀ = S_kᵀ S_k:
//!
//! 1. The columns of Z_{k+1}, one a neuron, are independent N(0, C_k). So Z_{k+1} = G_{k+1} S_k with a standard normal
//!    G_{k+1} (m_{k+1} × n).
//! 2. B_{k+1} depends on W_{k+1} only through Z_{k+1}. Given Z_{k+1}, the rows of W_{k+1} are known on the span of the n
//!    activations and fresh Gaussians on its complement. With Q_k = A_kᵀ S_k⁺,
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

use crate::backend::{Batch, EngineError};

pub(super) fn script(batch: &mut dyn Batch, depth: usize) -> Result<(), EngineError> {
    for k in 1..depth {
        batch.root(k - 1)?;
        batch.forward(k)?;
    }
    for k in (1..depth).rev() {
        batch.backward(k)?;
        if k > 1 {
            batch.couple(k)?;
        }
    }
    Ok(())
}
