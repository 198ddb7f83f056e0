//! The small matrices on the device, in f64 where it has it and else in pairs of f32: nothing is read before the end.
//!
//! Matrices lie as `[seed][row][column]`. Those that no later pass reads are retired to the recording, which uses their memory
//! again. Accuracy against the host: `tests/it/gpu/algebra.rs`.

use super::{Algebra, output_norm, upload_turned};
use crate::backend::gpu::device::Device;
use crate::backend::gpu::module::Element;
use crate::backend::gpu::passes::assemble::{self, Assemble};
use crate::backend::gpu::passes::couple::{self, Couple};
use crate::backend::gpu::passes::{View, root, spectrum, turn};
use crate::backend::gpu::recording::Recording;
use crate::backend::gpu::sums::{self, Sums};
use crate::backend::{EngineError, Job, KernelSample, MeasuredSample};
use crate::math::root::{Noise, root as host_root};
use crate::stats::Reference;

/// Bytes of an entry, an f64 or a pair of f32.
const ENTRY: u64 = 8;

/// The small matrices of a group of seeds.
pub(in crate::backend::gpu) struct DeviceAlgebra<'e> {
    device: &'e Device,
    job: &'e Job,
    noise: Noise,
    seeds: Vec<u64>,
    /// C_k; that of the input is shared by all seeds.
    grams: Vec<Option<wgpu::Buffer>>,
    /// S_k⁺.
    pseudo: Vec<Option<wgpu::Buffer>>,
    /// E_k.
    cross: Vec<Option<wgpu::Buffer>>,
    /// S_kᵀ, at its layer.
    roots: Vec<Option<View>>,
    /// Tᵀ and S_Bᵀ, at their layer.
    couplings: Vec<Option<(View, View)>>,
    /// B Bᵀ and Mᵀ of the layer in hand.
    above: Option<(wgpu::Buffer, Option<wgpu::Buffer>)>,
    /// N.
    outputs: Option<wgpu::Buffer>,
    /// K.
    kernel: Option<wgpu::Buffer>,
    /// ‖x_i‖‖x_j‖·scale, shared.
    norms: wgpu::Buffer,
    /// K∞/n and 1/n, shared.
    limit: Option<wgpu::Buffer>,
}

impl<'e> DeviceAlgebra<'e> {
    /// For the groups of a job, one after another.
    pub(in crate::backend::gpu) fn new(device: &'e Device, job: &'e Job, noise: Noise) -> Self {
        let depth = job.network.depth();
        let none = || (0..depth).map(|_| None).collect::<Vec<_>>();
        let scale = job.network.scale();
        let norms: Vec<f64> =
            job.norms.iter().flat_map(|x| job.norms.iter().map(move |y| x * y * scale)).collect();
        let mut grams = none();
        grams[0] = Some(device.upload_numbers(&job.cosines));
        Self {
            device,
            job,
            noise,
            seeds: Vec::new(),
            grams,
            pseudo: none(),
            cross: none(),
            roots: (0..depth).map(|_| None).collect(),
            couplings: (0..depth).map(|_| None).collect(),
            above: None,
            outputs: None,
            kernel: None,
            norms: device.upload_numbers(&norms),
            limit: None,
        }
    }

    fn count(&self) -> u32 {
        self.seeds.len() as u32
    }

    fn n(&self) -> u32 {
        self.job.n as u32
    }

    fn q(&self) -> u32 {
        self.job.q() as u32
    }

    /// Room for rows × columns of every seed.
    fn matrix(&self, recording: &mut Recording, [rows, columns]: [u32; 2]) -> wgpu::Buffer {
        recording.scratch(ENTRY * u64::from(self.count()) * u64::from(rows) * u64::from(columns))
    }

    /// The turned f32 form of a matrix that a product of panels takes.
    fn turned(
        &self,
        recording: &mut Recording,
        [rows, columns]: [u32; 2],
        matrix: &wgpu::Buffer,
    ) -> Result<View, EngineError> {
        let entries = rows * columns;
        let buffer = recording.scratch(4 * u64::from(self.count()) * u64::from(entries));
        turn::record(recording, self.count(), [rows, columns], matrix, &buffer)?;
        Ok(View { buffer, seed: entries, row: rows, element: Element::F32 })
    }

    /// A matrix that must be there by the order of the calls.
    fn held<'b>(&self, slot: &'b Option<wgpu::Buffer>, what: &str) -> Result<&'b wgpu::Buffer, EngineError> {
        slot.as_ref().ok_or_else(|| self.device.fault(format!("{what} was not summed")))
    }

    /// The term of a layer into K, or its end.
    fn assemble(
        &mut self,
        recording: &mut Recording,
        k: usize,
        flags: u32,
        factor: &wgpu::Buffer,
    ) -> Result<(), EngineError> {
        let (n, q) = (self.n(), self.q());
        let (kernel, begun) = match self.kernel.take() {
            Some(kernel) => (kernel, assemble::ACCUMULATE),
            None => {
                let kernel = self.matrix(recording, [q, q]);
                recording.poison_if_checked(&kernel, ENTRY * u64::from(self.count()) * u64::from(q * q));
                (kernel, 0)
            }
        };
        let block = Assemble {
            points: n,
            outputs: self.job.network.outputs() as u32,
            flags: flags | begun,
            gram_seed: if k == 0 { 0 } else { n * n },
            ..Assemble::default()
        };
        let gram = self.held(&self.grams[k], "C")?;
        assemble::record(recording, self.count(), block, gram, factor, &kernel)?;
        self.kernel = Some(kernel);
        Ok(())
    }

    /// K of every seed, whole.
    fn finish(&mut self, recording: &mut Recording) -> Result<wgpu::Buffer, EngineError> {
        let norms = self.norms.clone();
        self.assemble(recording, self.job.network.depth() - 1, assemble::FINISH, &norms)?;
        let kernel = self.kernel.take();
        kernel.ok_or_else(|| self.device.fault("no kernel was summed".to_owned()))
    }

    /// N of every seed and the first `entries` f64 of a buffer, in the one read-back of the group.
    fn read(
        &mut self,
        recording: &mut Recording,
        buffer: &wgpu::Buffer,
        entries: usize,
    ) -> Result<(Vec<f64>, Vec<f64>), EngineError> {
        let count = self.seeds.len();
        let outputs = self.outputs.take();
        let outputs = self.held(&outputs, "N")?;
        let bytes = |entries: usize| ENTRY * (count * entries) as u64;
        let read = recording.read(&[(outputs, bytes(self.job.q())), (buffer, bytes(entries))])?;
        self.device.give_back([outputs.clone(), buffer.clone()]);
        let f64 = self.device.variant.f64;
        Ok((sums::decode(&read[0], f64), sums::decode(&read[1], f64)))
    }

    /// Gives back what the seeds in hand left.
    fn clear(&mut self) {
        let device = self.device;
        let layers = self.grams.iter_mut().skip(1).chain(&mut self.pseudo).chain(&mut self.cross);
        device.give_back(layers.filter_map(Option::take));
        device.give_back(self.roots.iter_mut().skip(1).filter_map(Option::take).map(|view| view.buffer));
        device.give_back(
            self.couplings.iter_mut().filter_map(Option::take).flat_map(|(t, s)| [t.buffer, s.buffer]),
        );
        device.give_back([self.outputs.take(), self.kernel.take()].into_iter().flatten());
        device.give_back(self.above.take().into_iter().flat_map(|(b, m)| [Some(b), m]).flatten());
    }

    /// A result that is no number belongs to its seed.
    fn check(&self, index: usize, what: &str, values: &[f64]) -> Result<(), EngineError> {
        match values.iter().find(|value| !value.is_finite()) {
            None => Ok(()),
            Some(value) => Err(EngineError::Failed {
                seed: self.seeds[index],
                layer: 0,
                what: format!(
                    "{what} came back from the device as {value}; if activations of so deep or narrow a network leave the \
                     range of f32, --precision f64 --device cpu holds them"
                ),
            }),
        }
    }
}

impl Algebra for DeviceAlgebra<'_> {
    fn start(&mut self, seeds: &[u64]) {
        self.clear();
        self.seeds = seeds.to_vec();
    }

    fn root(&mut self, recording: &mut Recording, k: usize) -> Result<(), EngineError> {
        let n = self.n();
        if k == 0 {
            if self.roots[0].is_none() {
                // The input comes in f64 and is the same for every seed: no work for a device.
                let failed = |e| EngineError::Failed { seed: self.seeds[0], layer: 0, what: format!("{e}") };
                let half = host_root(&self.job.cosines, self.job.n, Noise::of_panels(f64::EPSILON), false)
                    .map_err(failed)?
                    .half;
                self.roots[0] = Some(upload_turned(self.device, &[half], [self.job.n; 2]));
            }
            return Ok(());
        }
        let (half, pseudo) = (self.matrix(recording, [n, n]), self.matrix(recording, [n, n]));
        let gram = self.held(&self.grams[k], "C")?;
        let operands = root::Operands { gram, half: &half, pseudo: &pseudo };
        root::record(recording, self.count(), n, self.noise, &operands)?;
        self.roots[k] = Some(self.turned(recording, [n, n], &half)?);
        recording.retire(half);
        self.pseudo[k] = Some(pseudo);
        Ok(())
    }

    fn forward(
        &mut self,
        _recording: &mut Recording,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
    ) -> Result<(), EngineError> {
        self.grams[k] = Some(gram.into_whole(self.device)?);
        let cross = cross.map(|sums| sums.into_whole(self.device)).transpose()?;
        if k + 1 == self.job.network.depth() {
            self.outputs = cross
        } else {
            self.cross[k] = cross
        }
        Ok(())
    }

    fn backward(
        &mut self,
        recording: &mut Recording,
        k: usize,
        gram: Sums,
        cross: Option<Sums>,
    ) -> Result<(), EngineError> {
        let gram = gram.into_whole(self.device)?;
        let cross = cross.map(|sums| sums.into_whole(self.device)).transpose()?;
        self.assemble(recording, k - 1, 0, &gram)?;
        // The root and the coupling of this layer have served.
        let served = self.roots[k - 1].take_if(|_| k > 1).map(|view| view.buffer);
        let coupling = self.couplings[k].take().into_iter().flat_map(|(t, s)| [t.buffer, s.buffer]);
        served.into_iter().chain(coupling).for_each(|buffer| recording.retire(buffer));
        if cross.is_some() {
            self.above = Some((gram, cross))
        } else {
            recording.retire(gram)
        }
        Ok(())
    }

    fn couple(&mut self, recording: &mut Recording, k: usize) -> Result<(), EngineError> {
        let (n, q, count) = (self.n(), self.q(), self.count());
        let Some((gram, Some(m))) = self.above.take() else {
            return Err(self.device.fault(format!("layer {k} has no M")));
        };
        let (e, pseudo) = (self.cross[k - 1].take(), self.pseudo[k - 1].take());
        let (e, pseudo) = (self.held(&e, "E")?, self.held(&pseudo, "S⁺")?);
        let (s_b, unused) = (self.matrix(recording, [q, q]), self.matrix(recording, [q, q]));
        let operands = root::Operands { gram: &gram, half: &s_b, pseudo: &unused };
        root::record(recording, count, q, self.noise, &operands)?;
        let root = self.turned(recording, [q, q], &s_b)?;
        let [e_s_b, rest, t] = [(); 3].map(|()| self.matrix(recording, [n, q]));
        let block = Couple { rows: n, inner: q, columns: q, ..Couple::default() };
        let operands = couple::Operands { a: e, b: &s_b, d: None, out: &e_s_b };
        couple::record(recording, count, block, &operands)?;
        let flags = couple::TRANSPOSE | couple::SUBTRACT;
        let block = Couple { rows: n, inner: n, columns: q, flags, ..Couple::default() };
        let operands = couple::Operands { a: pseudo, b: &e_s_b, d: Some(&m), out: &rest };
        couple::record(recording, count, block, &operands)?;
        let operands = couple::Operands { a: pseudo, b: &rest, d: None, out: &t };
        couple::record(recording, count, Couple { flags: 0, ..block }, &operands)?;
        self.couplings[k - 1] = Some((self.turned(recording, [n, q], &t)?, root));
        let served = [gram, m, e.clone(), pseudo.clone(), s_b, unused, e_s_b, rest, t];
        served.into_iter().for_each(|buffer| recording.retire(buffer));
        Ok(())
    }

    fn root_of(&self, k: usize) -> Option<&View> {
        self.roots[k].as_ref()
    }

    fn coupling_of(&self, k: usize) -> Option<&(View, View)> {
        self.couplings[k].as_ref()
    }

    fn kernels(&mut self, recording: &mut Recording) -> Result<Vec<KernelSample>, EngineError> {
        let kernel = self.finish(recording)?;
        let (size, of_outputs) = (self.job.q() * self.job.q(), self.job.q());
        let (outputs, kernels) = self.read(recording, &kernel, size)?;
        let of_seeds = kernels.chunks_exact(size).zip(outputs.chunks_exact(of_outputs)).enumerate();
        let one = |(index, (kernel, outputs)): (usize, (&[f64], &[f64]))| {
            self.check(index, "the kernel", kernel)?;
            self.check(index, "N", outputs)?;
            let output_norm = output_norm(self.job, outputs);
            Ok(KernelSample { seed: self.seeds[index], kernel: kernel.to_vec(), output_norm })
        };
        of_seeds.map(one).collect()
    }

    fn statistics(
        &mut self,
        recording: &mut Recording,
        reference: &Reference,
    ) -> Result<Vec<MeasuredSample>, EngineError> {
        let kernel = self.finish(recording)?;
        let bytes = ENTRY * (self.seeds.len() * spectrum::RESULTS) as u64;
        let results = recording.scratch(bytes);
        recording.poison(&results, bytes);
        let limit = self.limit.get_or_insert_with(|| {
            let per_point = 1.0 / self.job.n as f64;
            self.device
                .upload_numbers(&reference.limit().iter().copied().chain([per_point]).collect::<Vec<_>>())
        });
        let size = [self.job.n as u32, self.job.network.outputs() as u32];
        spectrum::record(recording, self.seeds.len() as u32, size, &kernel, limit, &results)?;
        recording.retire(kernel);
        let of_outputs = self.job.q();
        let (outputs, results) = self.read(recording, &results, spectrum::RESULTS)?;
        let of_seeds =
            results.chunks_exact(spectrum::RESULTS).zip(outputs.chunks_exact(of_outputs)).enumerate();
        let one = |(index, (results, outputs)): (usize, (&[f64], &[f64]))| {
            self.check(index, "the statistics of the kernel", results)?;
            self.check(index, "N", outputs)?;
            let statistics = reference.statistics(
                [results[3], results[4], results[5]],
                [results[0], results[1]],
                results[2],
            );
            let output_norm = output_norm(self.job, outputs);
            Ok(MeasuredSample { seed: self.seeds[index], statistics, output_norm })
        };
        of_seeds.map(one).collect()
    }
}

impl Drop for DeviceAlgebra<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}
