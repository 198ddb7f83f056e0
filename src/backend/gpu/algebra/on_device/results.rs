//! What is read of the kernels and statistics of a group of seeds, each checked before it belongs to its seed.

use super::super::output_norm;
use super::{DeviceAlgebra, ENTRY};
use crate::backend::gpu::executor::Run;
use crate::backend::gpu::recording::Proxy;
use crate::backend::gpu::sums;
use crate::backend::small::no_kernel;
use crate::backend::{EngineError, LayerMatrices, Precision, Remedy};

/// The entries of all seeds in hand, where they were asked for.
pub(super) type Numbers = Option<Vec<f64>>;

/// What comes back of a group of seeds.
pub(super) struct Read<const N: usize> {
    /// N.
    pub(super) outputs: Vec<f64>,
    /// Kernels and statistics.
    pub(super) values: [Numbers; N],
    /// C_1, B_1B_1ᵀ, C_2, …, where they are wanted; each of all seeds.
    pub(super) layers: Vec<Vec<f64>>,
}

impl DeviceAlgebra<'_> {
    /// N of every seed, what else there is of these, each with its f64 of one seed, and the matrices of the layers
    /// where they are wanted, in the one read-back of the group.
    pub(super) fn read<const N: usize>(
        &self,
        run: &mut Run,
        buffers: [Option<(Proxy, usize)>; N],
    ) -> Result<Read<N>, EngineError> {
        let (n, q) = (self.job.n, self.job.q());
        let bytes = |(buffer, entries): (Proxy, usize)| (buffer, ENTRY * (self.seeds.len() * entries) as u64);
        let mut wanted = vec![bytes((self.held(self.outputs, "N")?, q))];
        wanted.extend(buffers.into_iter().flatten().map(bytes));
        for (gram, back_gram) in self.grams.iter().zip(self.back_grams.iter().flatten()).skip(1) {
            wanted.push(bytes((self.held(*gram, "C")?, n * n)));
            wanted.push(bytes((self.held(*back_gram, "B Bᵀ")?, q * q)));
        }
        let f64 = self.device.variant.f64;
        let mut read = run.read(&wanted)?.into_iter().map(|bytes| sums::decode(&bytes, f64));
        let outputs = read.next().unwrap_or_default();
        let values = buffers.map(|buffer| buffer.and_then(|_| read.next()));
        Ok(Read { outputs, values, layers: read.collect() })
    }

    /// What one seed of a read-back has of the layers.
    pub(super) fn layers(
        &self,
        layers: &[Vec<f64>],
        index: usize,
    ) -> Result<Option<LayerMatrices>, EngineError> {
        if self.back_grams.is_none() {
            return Ok(None);
        }
        let (n, q) = (self.job.n, self.job.q());
        let mut matrices = LayerMatrices::begun(self.job);
        for (k, pair) in (1..).zip(layers.chunks_exact(2)) {
            let gram = &pair[0][index * n * n..(index + 1) * n * n];
            let back_gram = &pair[1][index * q * q..(index + 1) * q * q];
            for (matrix, size) in [(gram, n), (back_gram, q)] {
                for (row, entries) in matrix.chunks_exact(size).enumerate() {
                    // Nothing is summed above the diagonal.
                    self.check(index, "a matrix of a layer", &entries[..=row])?;
                }
            }
            matrices.set_gram(self.job, k, gram);
            matrices.set_back_gram(self.job, k, back_gram);
        }
        Ok(Some(matrices))
    }

    /// One kernel of a seed, found to be one.
    pub(super) fn kernel(&self, index: usize, kernels: &[f64]) -> Result<Vec<f64>, EngineError> {
        let (q, of_point) = (self.job.q(), self.job.network.outputs());
        let kernel = &kernels[index * q * q..(index + 1) * q * q];
        self.check(index, "the kernel", kernel)?;
        let diagonal = kernel.iter().step_by(q + 1).enumerate().map(|(row, k)| (row / of_point, *k));
        self.check_alive(index, diagonal.filter(|(i, _)| self.job.is_alive(*i)).find(|(_, k)| *k <= 0.0))?;
        Ok(kernel.to_vec())
    }

    /// ‖N‖_F of a seed.
    pub(super) fn norm_of_outputs(&self, index: usize, outputs: &[f64]) -> Result<f64, EngineError> {
        let outputs = &outputs[index * self.job.q()..(index + 1) * self.job.q()];
        self.check(index, "N", outputs)?;
        Ok(output_norm(self.job, outputs))
    }

    /// What was asked for did not come back.
    pub(super) fn missing(&self) -> EngineError {
        self.device.fault("a read-back was lost".to_owned())
    }

    /// A result that is no number belongs to its seed.
    pub(super) fn check(&self, index: usize, what: &str, values: &[f64]) -> Result<(), EngineError> {
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(()),
            // Activations of so deep or narrow a network may leave the range of f32.
            Some(value) => Err(EngineError::OutOfRange {
                seed: self.seeds[index],
                layer: 0,
                what: format!(
                    "{what} came back from the device as {value}, as where activations leave the range of f32"
                ),
                remedies: &[Remedy::Precision(Precision::F64)],
            }),
        }
    }

    /// A device that did nothing hands back zeros, which are numbers.
    pub(super) fn check_alive(&self, index: usize, zero: Option<(usize, f64)>) -> Result<(), EngineError> {
        zero.map_or(Ok(()), |(point, value)| {
            Err(EngineError::Failed { seed: self.seeds[index], layer: 0, what: no_kernel(point, value) })
        })
    }
}
