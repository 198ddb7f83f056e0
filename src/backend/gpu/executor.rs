//! Runs recordings on a device: memory for their proxies, pipelines, pieces submitted one after another with at most
//! two in flight, times, and the one read-back at the end.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::time::Duration;

use futures_intrusive::channel::shared::oneshot_channel;
use pollster::block_on;
use wgpu::{BufferUsages, PollType, SubmissionIndex};

use super::device::Device;
use super::recording::{ALIGNMENT, Command, Content, Dispatch, Proxy, Recording};
use super::schedule::Timetable;
use crate::backend::{EngineError, Stop};

/// A device that has not finished a piece of work by then has hung.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pieces in flight.
const IN_FLIGHT: usize = 2;

/// What is recorded and not yet run, and what will run it.
pub(super) struct Run<'d> {
    pub(super) recording: Recording,
    pub(super) executor: Executor<'d>,
}

impl<'d> Run<'d> {
    pub(super) fn new(device: &'d Device) -> Self {
        Self { recording: Recording::new(device.target()), executor: Executor::new(device) }
    }

    /// The same, given up once this is raised.
    pub(super) fn until(mut self, stop: &Stop) -> Self {
        self.executor.stop = stop.clone();
        self
    }

    /// Runs everything and returns the first bytes of each buffer. Nothing stays recorded, whatever happens.
    pub(super) fn read(&mut self, sources: &[(Proxy, u64)]) -> Result<Vec<Vec<u8>>, EngineError> {
        sources.iter().for_each(|(proxy, bytes)| self.recording.download(*proxy, *bytes));
        self.executor.run(&self.recording.take())
    }
}

/// Runs recordings one after another; kept buffers are its own.
pub(super) struct Executor<'d> {
    device: &'d Device,
    stop: Stop,
    /// Kept buffers by the number of their proxy.
    kept: HashMap<u64, wgpu::Buffer>,
    /// Those that a recording has left with content.
    written: HashSet<u64>,
    pending: VecDeque<SubmissionIndex>,
}

/// Where the proxies of one recording are.
struct Homes<'a> {
    schedule: &'a Timetable,
    kept: &'a HashMap<u64, wgpu::Buffer>,
    slots: &'a [wgpu::Buffer],
    /// What is read back, and where the next download goes.
    staging: Option<wgpu::Buffer>,
}

impl<'d> Executor<'d> {
    fn new(device: &'d Device) -> Self {
        Self {
            device,
            stop: Stop::never(),
            kept: HashMap::new(),
            written: HashSet::new(),
            pending: VecDeque::new(),
        }
    }

    /// Runs a recording to its end; the content of its downloads, in their order.
    fn run(&mut self, recording: &Recording) -> Result<Vec<Vec<u8>>, EngineError> {
        let limits = self.device.limits();
        let has = |id: u64| self.written.contains(&id);
        let schedule =
            Timetable::of(recording, &limits, has).map_err(|flaw| self.device.fault(flaw.to_string()))?;
        tracing::trace!("{}", schedule.listing(recording));
        let slots: Vec<wgpu::Buffer> = schedule.slots.iter().map(|size| self.device.storage(*size)).collect();
        self.allocate_kept(recording);
        let parts = downloads(recording);
        let total = parts.last().map_or(0, |part| part.end.next_multiple_of(8));
        let staging = (total > 0).then(|| self.device.staging(total as u64));
        let mut offset = 0;
        for piece in &schedule.pieces {
            // Between two pieces a run may end early, and nowhere else.
            self.stop.check()?;
            self.device.check()?;
            let memory =
                Homes { schedule: &schedule, kept: &self.kept, slots: &slots, staging: staging.clone() };
            let submission = self.submit(recording, piece.clone(), &memory, &mut offset)?;
            self.pending.push_back(submission);
            while self.pending.len() > IN_FLIGHT {
                self.wait_for_oldest()?;
            }
        }
        let Some(last) = self.pending.pop_back() else { return Ok(Vec::new()) };
        let bytes = match &staging {
            Some(staging) => self.map(staging, total as u64, &last)?,
            None => {
                self.wait(&last)?;
                Vec::new()
            }
        };
        self.pending.clear();
        self.written.extend(schedule.written.iter());
        self.device.give_back(slots.into_iter().chain(staging));
        Ok(parts.into_iter().map(|part| bytes[part].to_vec()).collect())
    }

    /// Homes for the kept proxies that are new.
    fn allocate_kept(&mut self, recording: &Recording) {
        let mut allocate = |proxy: &Proxy| {
            if proxy.kept && !self.kept.contains_key(&proxy.id) {
                self.kept.insert(proxy.id, self.device.storage(proxy.bytes));
            }
        };
        for command in recording.commands() {
            match command {
                Command::Dispatch(dispatch, _) => {
                    dispatch.buffers.iter().for_each(|(proxy, _)| allocate(proxy))
                }
                Command::Copy { from, to, .. } => [from, to].into_iter().for_each(&mut allocate),
                Command::Poison { to: proxy, .. }
                | Command::Clear { to: proxy }
                | Command::Upload { to: proxy, .. }
                | Command::Download { from: proxy, .. } => allocate(proxy),
            }
        }
    }

    /// Submits one piece.
    fn submit(
        &self,
        recording: &Recording,
        piece: Range<usize>,
        memory: &Homes,
        offset: &mut u64,
    ) -> Result<SubmissionIndex, EngineError> {
        let Device { device, queue, profile, .. } = self.device;
        let commands = &recording.commands()[piece];
        let (blocks, first) = self.blocks(recording, commands);
        let queries = profile.as_ref().map(|_| {
            let count = 2 * commands.len() as u32;
            let ty = wgpu::QueryType::Timestamp;
            device.create_query_set(&wgpu::QuerySetDescriptor { label: None, ty, count })
        });
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for (index, command) in commands.iter().enumerate() {
            match command {
                Command::Dispatch(dispatch, range) => {
                    let range = range.start - first..range.end - first;
                    let timestamps = queries.as_ref().map(|query_set| wgpu::ComputePassTimestampWrites {
                        query_set,
                        beginning_of_pass_write_index: Some(2 * index as u32),
                        end_of_pass_write_index: Some(2 * index as u32 + 1),
                    });
                    self.encode(&mut encoder, dispatch, memory, (&blocks, &range), timestamps)?;
                }
                Command::Copy { from, to, bytes } => {
                    encoder.copy_buffer_to_buffer(memory.of(self, from)?, 0, memory.of(self, to)?, 0, *bytes);
                }
                Command::Poison { to, bytes } => {
                    let poison = self.device.poison(*bytes);
                    encoder.copy_buffer_to_buffer(&poison, 0, memory.of(self, to)?, 0, *bytes);
                }
                Command::Clear { to } => encoder.clear_buffer(memory.of(self, to)?, 0, None),
                // Before the commands of this piece, which begins with its uploads.
                Command::Upload { to, content } => match content {
                    Content::Bytes(bytes) => queue.write_buffer(memory.of(self, to)?, 0, bytes),
                    Content::Tile(tile) => queue.write_buffer(memory.of(self, to)?, 0, &tile.encode()),
                },
                Command::Download { from, bytes } => {
                    if let Some(staging) = &memory.staging {
                        encoder.copy_buffer_to_buffer(memory.of(self, from)?, 0, staging, *offset, *bytes);
                        *offset += bytes.next_multiple_of(8);
                    }
                }
            }
        }
        match &queries {
            None => Ok(queue.submit([encoder.finish()])),
            Some(queries) => self.timed(encoder, queries, commands),
        }
    }

    /// The parameter blocks of a piece, and where they start in those of the recording.
    fn blocks(&self, recording: &Recording, commands: &[Command]) -> (wgpu::Buffer, usize) {
        let ranges = commands.iter().filter_map(|command| match command {
            Command::Dispatch(_, range) => Some(range),
            _ => None,
        });
        let (first, end) =
            ranges.fold((usize::MAX, 0), |(first, end), r| (first.min(r.start), end.max(r.end)));
        let first = first.min(end);
        let size = (end - first).next_multiple_of(ALIGNMENT).max(ALIGNMENT);
        let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
        let label = Some("blocks");
        let descriptor =
            wgpu::BufferDescriptor { label, size: size as u64, usage, mapped_at_creation: false };
        let buffer = self.device.device.create_buffer(&descriptor);
        self.device.queue.write_buffer(&buffer, 0, &recording.blocks()[first..end]);
        (buffer, first)
    }

    fn encode(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        dispatch: &Dispatch,
        memory: &Homes,
        (blocks, range): (&wgpu::Buffer, &Range<usize>),
        timestamp_writes: Option<wgpu::ComputePassTimestampWrites>,
    ) -> Result<(), EngineError> {
        if self.device.skipped().contains(&dispatch.pass) {
            return Ok(());
        }
        let pipeline = self.device.pipeline(dispatch.pass, dispatch.storage, &dispatch.constants);
        let label = Some(dispatch.pass.name());
        let block = wgpu::BufferBinding {
            buffer: blocks,
            offset: range.start as u64,
            size: std::num::NonZero::new(range.len() as u64),
        };
        let block = wgpu::BindingResource::Buffer(block);
        let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: block }];
        for ((proxy, _), binding) in dispatch.buffers.iter().zip(1u32..) {
            let buffer = memory.of(self, proxy)?;
            // A pooled buffer may be larger than any one binding may be.
            let size = buffer.size().min(self.device.budget.binding) / 4 * 4;
            let whole = wgpu::BufferBinding { buffer, offset: 0, size: std::num::NonZero::new(size) };
            entries.push(wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::Buffer(whole) });
        }
        let group = self.device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label, timestamp_writes });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        let [x, y, z] = dispatch.groups;
        pass.dispatch_workgroups(x, y, z);
        Ok(())
    }

    /// Submits, reads the timestamps back and adds them up.
    fn timed(
        &self,
        mut encoder: wgpu::CommandEncoder,
        queries: &wgpu::QuerySet,
        commands: &[Command],
    ) -> Result<SubmissionIndex, EngineError> {
        let Device { device, queue, profile, .. } = self.device;
        let count = 2 * commands.len() as u32;
        let size = 8 * u64::from(count);
        let usage = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
        let resolved = device.create_buffer(&descriptor);
        encoder.resolve_query_set(queries, 0..count, &resolved, 0);
        let staging = self.device.staging(size);
        encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, size);
        let submission = queue.submit([encoder.finish()]);
        let ticks = self.map(&staging, size, &submission)?;
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&ticks);
        for (command, times) in commands.iter().zip(ticks.chunks_exact(2)) {
            if let (Command::Dispatch(dispatch, _), Some(profile)) = (command, profile) {
                profile.add(dispatch.pass, times[1].saturating_sub(times[0]), &dispatch.cost);
            }
        }
        self.device.give_back([staging]);
        Ok(submission)
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

impl Homes<'_> {
    /// The buffer of a proxy.
    fn of(&self, executor: &Executor, proxy: &Proxy) -> Result<&wgpu::Buffer, EngineError> {
        let slot = || self.schedule.homes.get(&proxy.id).and_then(|slot| self.slots.get(*slot));
        let found = if proxy.kept { self.kept.get(&proxy.id) } else { slot() };
        found.ok_or_else(|| executor.device.fault(format!("buffer {} has no memory", proxy.id)))
    }
}

/// Where the downloads of a recording are in what comes back.
fn downloads(recording: &Recording) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for command in recording.commands() {
        if let Command::Download { bytes, .. } = command {
            let start = parts.last().map_or(0, |part| part.end.next_multiple_of(8));
            parts.push(start..start + *bytes as usize);
        }
    }
    parts
}

impl Drop for Executor<'_> {
    fn drop(&mut self) {
        self.device.give_back(self.kept.drain().map(|(_, buffer)| buffer));
    }
}
