//! The direct sampler: the formulas of the network as they stand, every weight drawn.

use crate::backend::{Batch, EngineError};

pub(super) fn script(batch: &mut dyn Batch, depth: usize) -> Result<(), EngineError> {
    for k in 1..depth {
        batch.forward_dense(k)?;
    }
    for k in (1..depth).rev() {
        batch.backward_dense(k)?;
    }
    Ok(())
}
