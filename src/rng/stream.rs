//! A sequential view of one role, for what is drawn in order: generated data sets and bootstraps.

use std::convert::Infallible;

use super::{Role, Tensor};

/// The words of (seed, role, layer 0, row 0, column 0, 1, 2 …) behind rand's traits.
#[derive(Clone, Debug)]
pub struct Stream {
    tensor: Tensor,
    /// Next column, over 2³² rows of 2³⁴ columns.
    next: u64,
    block: [u32; 4],
}

impl Stream {
    /// The stream of a role, from its first word.
    pub fn new(seed: u64, role: Role) -> Self {
        Self { tensor: Tensor::new(seed, role, 0), next: 0, block: [0; 4] }
    }

    /// The next standard normal deviate; an f32 value, as everywhere.
    pub fn normal(&mut self) -> f64 {
        // A pair is not split over calls: one of two deviates is dropped so that each call is two words.
        let (z, _) = super::normal::pair([self.word()], [self.word()]);
        f64::from(z[0])
    }

    fn word(&mut self) -> u32 {
        let lane = (self.next % 4) as usize;
        if lane == 0 {
            let group = self.next / 4;
            self.block = self.tensor.words([(group >> 32) as u32], [group as u32]).map(|w| w[0]);
        }
        self.next += 1;
        self.block[lane]
    }
}

impl rand::TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.word());
        Ok(low | u64::from(self.word()) << 32)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(4) {
            let bytes = self.word().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}
