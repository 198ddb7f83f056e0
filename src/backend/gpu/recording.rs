//! Dispatches, recorded first and then submitted in pieces of bounded work, and the one read-back at the end.
//!
//! A piece stays well under a second, so that no watchdog ends it, and at most two pieces are in flight. What is read
//! back starts as a pattern that is no number; what survives of it is refused by whoever decodes it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use futures_intrusive::channel::shared::oneshot_channel;
use pollster::block_on;
use wgpu::{BufferUsages, PollType, SubmissionIndex};

use super::device::Device;
use super::module::Pass;
use super::profile::Work;
use crate::backend::EngineError;

/// A device that has not finished a piece of work by then has hung.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pieces in flight.
const IN_FLIGHT: usize = 2;
/// Parameter blocks start at multiples of this in their buffer: the largest alignment that WebGPU allows a device to ask for.
const ALIGNMENT: usize = 256;
/// Dispatches of one piece: bounds the parameter buffer and the timestamps.
const PIECE: usize = 1024;

/// One dispatch.
pub(super) struct Dispatch {
    pub(super) pass: Pass,
    pub(super) pipeline: Arc<wgpu::ComputePipeline>,
    /// Bindings from 1, in order; 0 is the parameter block.
    pub(super) buffers: Vec<wgpu::Buffer>,
    pub(super) groups: [u32; 3],
    pub(super) work: Work,
}

enum Step {
    Dispatch(Dispatch, Range<usize>),
    Copy { from: wgpu::Buffer, to: wgpu::Buffer, offset: u64, bytes: u64 },
}

/// What is recorded and not yet submitted.
pub(super) struct Recording<'d> {
    device: &'d Device,
    steps: Vec<Step>,
    blocks: Vec<u8>,
    weight: f64,
    pending: VecDeque<SubmissionIndex>,
    /// Scratch that later dispatches of this recording may use again: the queue keeps their order.
    retired: Vec<wgpu::Buffer>,
}

impl<'d> Recording<'d> {
    pub(super) fn new(device: &'d Device) -> Self {
        let (steps, blocks, retired) = Default::default();
        Self { device, steps, blocks, weight: 0.0, pending: VecDeque::new(), retired }
    }

    /// The device that will run it.
    pub(super) fn device(&self) -> &'d Device {
        self.device
    }

    /// Adds a dispatch with its parameter block; submits what is there once it is enough work.
    pub(super) fn dispatch<P: bytemuck::Pod>(
        &mut self,
        block: &P,
        dispatch: Dispatch,
    ) -> Result<(), EngineError> {
        if dispatch.groups.contains(&0) {
            return Err(self.device.fault(format!("an empty dispatch of {}", dispatch.pass.name())));
        }
        let start = self.blocks.len();
        self.blocks.extend_from_slice(bytemuck::bytes_of(block));
        let range = start..self.blocks.len();
        self.blocks.resize(range.end.next_multiple_of(ALIGNMENT), 0);
        self.weight += dispatch.work.weight();
        self.steps.push(Step::Dispatch(dispatch, range));
        if self.weight > 4.0 * self.device.budget.work || self.steps.len() >= PIECE {
            self.submit()
        } else {
            Ok(())
        }
    }

    /// Scratch of any content for this recording.
    pub(super) fn scratch(&mut self, bytes: u64) -> wgpu::Buffer {
        let size = self.device.storage_size(bytes);
        match self.retired.iter().position(|b| b.size() == size) {
            Some(at) => self.retired.swap_remove(at),
            None => self.device.storage(bytes),
        }
    }

    /// Scratch that no dispatch recorded from now on reads.
    pub(super) fn retire(&mut self, buffer: wgpu::Buffer) {
        self.retired.push(buffer);
    }

    /// Adds a copy of the first bytes of a buffer.
    pub(super) fn copy(&mut self, from: &wgpu::Buffer, to: &wgpu::Buffer, bytes: u64) {
        self.steps.push(Step::Copy { from: from.clone(), to: to.clone(), offset: 0, bytes });
    }

    /// Fills the first bytes of a buffer with what is no number in any form.
    pub(super) fn poison(&mut self, buffer: &wgpu::Buffer, bytes: u64) {
        self.copy(&self.device.poison(bytes), buffer, bytes);
    }

    /// The same on a device that checks everything: what a pass leaves out is then found by whoever reads its results.
    pub(super) fn poison_if_checked(&mut self, buffer: &wgpu::Buffer, bytes: u64) {
        if self.device.checked {
            self.poison(buffer, bytes);
        }
    }

    /// Submits what is recorded; waits while too much is in flight.
    pub(super) fn submit(&mut self) -> Result<(), EngineError> {
        if self.steps.is_empty() {
            return Ok(());
        }
        let Device { device, queue, profile, .. } = self.device;
        let size = self.blocks.len().max(ALIGNMENT) as u64;
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let blocks = wgpu::BufferDescriptor { label: Some("blocks"), size, usage, mapped_at_creation: false };
        let blocks = device.create_buffer(&blocks);
        queue.write_buffer(&blocks, 0, &self.blocks);
        let queries = profile.as_ref().map(|_| {
            let count = 2 * self.steps.len() as u32;
            device.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count,
            })
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Copy { from, to, offset, bytes } => {
                    encoder.copy_buffer_to_buffer(from, 0, to, *offset, *bytes);
                }
                Step::Dispatch(dispatch, range) => {
                    let group = self.bind(dispatch, &blocks, range);
                    let timestamps = queries.as_ref().map(|query_set| wgpu::ComputePassTimestampWrites {
                        query_set,
                        beginning_of_pass_write_index: Some(2 * index as u32),
                        end_of_pass_write_index: Some(2 * index as u32 + 1),
                    });
                    let pass = wgpu::ComputePassDescriptor {
                        label: Some(dispatch.pass.name()),
                        timestamp_writes: timestamps,
                    };
                    let mut pass = encoder.begin_compute_pass(&pass);
                    pass.set_pipeline(&dispatch.pipeline);
                    pass.set_bind_group(0, &group, &[]);
                    let [x, y, z] = dispatch.groups;
                    pass.dispatch_workgroups(x, y, z);
                }
            }
        }
        let submission = match &queries {
            None => queue.submit([encoder.finish()]),
            Some(queries) => self.timed(encoder, queries)?,
        };
        self.pending.push_back(submission);
        self.steps.clear();
        self.blocks.clear();
        self.weight = 0.0;
        while self.pending.len() > IN_FLIGHT {
            self.wait_for_oldest()?;
        }
        self.device.check()
    }

    /// Submits, reads the timestamps back and adds them up.
    fn timed(
        &self,
        mut encoder: wgpu::CommandEncoder,
        queries: &wgpu::QuerySet,
    ) -> Result<SubmissionIndex, EngineError> {
        let Device { device, queue, profile, .. } = self.device;
        let count = 2 * self.steps.len() as u32;
        let bytes = 8 * u64::from(count);
        let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let descriptor =
            wgpu::BufferDescriptor { label: None, size: bytes, usage, mapped_at_creation: false };
        let resolved = device.create_buffer(&descriptor);
        encoder.resolve_query_set(queries, 0..count, &resolved, 0);
        let staging = self.device.staging(bytes);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, bytes);
        let submission = queue.submit([encoder.finish()]);
        let ticks = self.map(&staging, bytes, &submission)?;
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&ticks);
        for (step, times) in self.steps.iter().zip(ticks.chunks_exact(2)) {
            if let (Step::Dispatch(dispatch, _), Some(profile)) = (step, profile) {
                profile.add(dispatch.pass, times[1].saturating_sub(times[0]), &dispatch.work);
            }
        }
        self.device.give_back([staging]);
        Ok(submission)
    }

    fn bind(&self, dispatch: &Dispatch, blocks: &wgpu::Buffer, range: &Range<usize>) -> wgpu::BindGroup {
        let block = wgpu::BufferBinding {
            buffer: blocks,
            offset: range.start as u64,
            size: std::num::NonZero::new(range.len() as u64),
        };
        let first = wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(block) };
        let rest = dispatch.buffers.iter().zip(1u32..).map(|(buffer, binding)| {
            // A pooled buffer may be larger than any one binding may be.
            let size = buffer.size().min(self.device.budget.binding) / 4 * 4;
            let whole = wgpu::BufferBinding { buffer, offset: 0, size: std::num::NonZero::new(size) };
            wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::Buffer(whole) }
        });
        let entries: Vec<_> = std::iter::once(first).chain(rest).collect();
        self.device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some(dispatch.pass.name()),
            layout: &dispatch.pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    fn wait_for_oldest(&mut self) -> Result<(), EngineError> {
        match self.pending.pop_front() {
            Some(index) => self.wait(&index),
            None => Ok(()),
        }
    }

    fn wait(&self, submission: &SubmissionIndex) -> Result<(), EngineError> {
        let wait = PollType::Wait { submission_index: Some(submission.clone()), timeout: Some(PATIENCE) };
        match self.device.device.poll(wait) {
            Ok(_) => self.device.check(),
            Err(error) => Err(self.device.fault(format!("it did not finish its work: {error}"))),
        }
    }

    /// Submits everything and returns the first bytes of each buffer; the scratch goes back to the device.
    pub(super) fn read(&mut self, sources: &[(&wgpu::Buffer, u64)]) -> Result<Vec<Vec<u8>>, EngineError> {
        let total: u64 = sources.iter().map(|s| s.1.next_multiple_of(8)).sum();
        let staging = self.device.staging(total);
        let mut offset = 0;
        let mut starts = Vec::new();
        for (from, bytes) in sources {
            let (from, bytes) = ((*from).clone(), *bytes);
            self.steps.push(Step::Copy { from, to: staging.clone(), offset, bytes });
            starts.push(offset as usize..(offset + bytes) as usize);
            offset += bytes.next_multiple_of(8);
        }
        self.submit()?;
        let Some(last) = self.pending.pop_back() else { return Ok(Vec::new()) };
        let bytes = self.map(&staging, total, &last)?;
        self.device.give_back(self.retired.drain(..).chain([staging]));
        Ok(starts.into_iter().map(|range| bytes[range].to_vec()).collect())
    }

    /// The content of a staging buffer once a submission is done.
    fn map(
        &self,
        staging: &wgpu::Buffer,
        bytes: u64,
        submission: &SubmissionIndex,
    ) -> Result<Vec<u8>, EngineError> {
        let (send, receive) = oneshot_channel();
        // Nobody listens any more only where the wait below has failed.
        staging.map_async(wgpu::MapMode::Read, 0..bytes, move |mapped| drop(send.send(mapped)));
        self.wait(submission)?;
        match block_on(receive.receive()) {
            Some(Ok(())) => {}
            _ => return Err(self.device.fault("its results could not be read".to_owned())),
        }
        let content = match staging.get_mapped_range(0..bytes) {
            Ok(view) => view.to_vec(),
            Err(error) => return Err(self.device.fault(format!("its results could not be read: {error}"))),
        };
        staging.unmap();
        self.device.check()?;
        Ok(content)
    }
}
