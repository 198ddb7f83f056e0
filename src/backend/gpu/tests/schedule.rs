//! Plans of recordings, without a device.

use crate::backend::gpu::module::{Element, Pass, Storage, Variant};
use crate::backend::gpu::passes::fused::{self, Fused};
use crate::backend::gpu::passes::reduce::{self, Reduce};
use crate::backend::gpu::passes::{View, root, transpose};
use crate::backend::gpu::profile::DispatchCost;
use crate::backend::gpu::recording::{Access, Command, Content, Dispatch, Proxy, Recording, Target};
use crate::backend::gpu::schedule::{DeviceLimits, Flaw, Timetable};
use crate::backend::gpu::sums;
use crate::backend::gpu::tuning::Tuning;
use crate::math::root::Noise;

const LIMITS: DeviceLimits = DeviceLimits { weight: 1e6, buffer: 1 << 30 };

fn recording() -> Recording {
    Recording::new(Target {
        variant: Variant { f64: true, f64_sums: true, int64: true, f16: true, cooperative: None },
        tuning: Tuning::default(),
        subgroup: 32,
        workgroup_memory: 32 << 10,
        binding: 1 << 27,
        squares_in_storage: false,
        small_cost: 8.0,
        checked: false,
    })
}

fn schedule(recording: &Recording) -> Result<Timetable, Flaw> {
    Timetable::of(recording, &LIMITS, |_| false)
}

/// A dispatch with these buffers and this many operations.
fn dispatch(recording: &mut Recording, buffers: &[(Proxy, Access)], operations: f64) {
    let cost = DispatchCost { operations, ..DispatchCost::default() };
    let (pass, storage, constants) = (Pass::Reduce, Storage::F32, Vec::new());
    let dispatch = Dispatch { pass, storage, constants, buffers: buffers.into(), groups: [1; 3], cost };
    recording.dispatch(&0u32, dispatch);
}

/// First and last command that names each scratch proxy, found the slow way.
fn lives(recording: &Recording) -> Vec<(Proxy, usize, usize)> {
    let names = |command: &Command| match command {
        Command::Dispatch(dispatch, _) => dispatch.buffers.iter().map(|b| b.0).collect(),
        Command::Copy { from, to, .. } => vec![*from, *to],
        Command::Poison { to: one, .. }
        | Command::Clear { to: one }
        | Command::Upload { to: one, .. }
        | Command::Download { from: one, .. } => vec![*one],
    };
    let mut lives: Vec<(Proxy, usize, usize)> = Vec::new();
    for (at, command) in recording.commands().iter().enumerate() {
        for proxy in names(command).into_iter().filter(|proxy| !proxy.kept) {
            match lives.iter_mut().find(|(other, ..)| other.id == proxy.id) {
                Some(life) => life.2 = at,
                None => lives.push((proxy, at, at)),
            }
        }
    }
    lives
}

/// Layers of the conditional sampler, forward: 16 points, two seeds, four parts.
fn layers(count: usize) -> Recording {
    let mut recording = recording();
    let keys = recording.keep_values(&[[1u32, 0], [2, 0]]);
    let view = |buffer| View { buffer, seed: 256, row: 16, element: Element::F32 };
    let mut root = view(recording.scratch(2048));
    recording.upload(root.buffer, Content::Bytes(vec![0; 2048]));
    for _ in 0..count {
        let [gram, cross] = [(); 2].map(|()| sums::partials(&mut recording, 2, [16; 2], 1024));
        let block = Fused { points: 16, across: 16, outputs: 1, columns: 1024, ..Fused::default() };
        fused::forward(&mut recording, 2, block, &fused::Operands { keys, root, gram, cross });
        let [totals, half, pseudo] = [(); 3].map(|()| recording.scratch(4096));
        let block = Reduce { entries: 256, parts: 4, accumulate: 0, zero: 0 };
        reduce::record(&mut recording, 2, block, gram, totals);
        let operands = root::Operands { gram: totals, half, pseudo };
        root::record(&mut recording, 2, 16, Noise::of_panels(1e-14), &operands);
        root = view(recording.scratch(2048));
        transpose::record(&mut recording, 2, [16; 2], half, root.buffer);
    }
    recording.download(root.buffer, 2048);
    recording
}

#[test]
fn live_scratch_never_shares_a_slot_and_what_is_free_is_used_again() {
    let of = |count| {
        let recording = layers(count);
        let schedule = schedule(&recording).unwrap();
        let lives = lives(&recording);
        assert_eq!(schedule.homes.len(), lives.len());
        for (at, (one, first, last)) in lives.iter().enumerate() {
            assert!(schedule.slots[schedule.homes[&one.id]] >= one.bytes);
            for (other, begin, end) in &lives[at + 1..] {
                let apart = last < begin || end < first;
                assert!(apart || schedule.homes[&one.id] != schedule.homes[&other.id], "{one:?} {other:?}");
            }
        }
        schedule.slots
    };
    // A root, two partial sums, three matrices at a time, however many layers there are.
    assert_eq!(of(2).len(), 6);
    assert_eq!(of(2), of(50));
}

/// What a command reads and what it writes are never one, even where the first is read for the last time.
#[test]
fn the_result_of_a_dispatch_is_not_its_operand() {
    let mut recording = recording();
    let mut from = recording.scratch(64);
    recording.clear(from);
    for _ in 0..5 {
        let to = recording.scratch(64);
        dispatch(&mut recording, &[from.read(), from.read(), to.write()], 1.0);
        from = to;
    }
    let schedule = schedule(&recording).unwrap();
    assert_eq!(schedule.slots.len(), 2);
    assert_ne!(schedule.homes[&from.id], schedule.homes[&(from.id - 1)]);
}

#[test]
fn pieces_are_bounded_by_weight_and_by_number() {
    let weights = |operations: &[f64]| {
        let mut recording = recording();
        let buffer = recording.scratch(64);
        operations.iter().for_each(|o| dispatch(&mut recording, &[buffer.write()], *o));
        let pieces = schedule(&recording).unwrap().pieces;
        let ends: Vec<usize> = pieces.iter().map(|piece| piece.end).collect();
        let starts: Vec<usize> = pieces.iter().map(|piece| piece.start).collect();
        assert_eq!((starts[0], &starts[1..]), (0, &ends[..ends.len() - 1]));
        assert_eq!(ends.last(), Some(&operations.len()));
        pieces.into_iter().map(|piece| operations[piece].to_vec()).collect::<Vec<_>>()
    };
    for piece in weights(&[3e5; 100]) {
        assert!(piece.iter().sum::<f64>() <= LIMITS.weight && (piece.len() == 3 || piece.len() == 1));
    }
    // One that is too heavy by itself goes alone.
    let pieces = weights(&[1.0, 5e6, 1.0, 1.0]);
    assert_eq!(pieces, [vec![1.0], vec![5e6], vec![1.0, 1.0]]);
    assert!(weights(&[0.0; 5000]).iter().all(|piece| piece.len() <= 1024));
}

/// An upload reaches the device before everything else of its piece, so nothing may stand before it.
#[test]
fn an_upload_begins_a_piece() {
    let mut recording = recording();
    let (one, two) = (recording.scratch(64), recording.scratch(64));
    let upload = |recording: &mut Recording, to| recording.upload(to, Content::Bytes(vec![0; 64]));
    upload(&mut recording, one);
    upload(&mut recording, two);
    dispatch(&mut recording, &[one.read(), two.update()], 1.0);
    upload(&mut recording, one);
    dispatch(&mut recording, &[one.read()], 1.0);
    assert_eq!(schedule(&recording).unwrap().pieces, [0..3, 3..5]);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |record: &dyn Fn(&mut Recording, Proxy, Proxy)| {
        let mut recording = recording();
        let (one, kept) = (recording.scratch(64), recording.keep(64));
        record(&mut recording, one, kept);
        schedule(&recording).map_err(|flaw| flaw.to_string()).err().unwrap_or_default()
    };
    assert_eq!(refused(&|r, one, _| dispatch(r, &[one.write(), one.write()], 1.0)), "");
    let empty = refused(&|r, one, _| {
        reduce::record(r, 0, Reduce { entries: 1, parts: 1, accumulate: 0, zero: 0 }, one, one);
    });
    assert_eq!(empty, "an empty dispatch of reduce");
    for access in [Proxy::read, Proxy::update] {
        for unwritten in [
            refused(&|r, one, _| dispatch(r, &[access(one)], 1.0)),
            refused(&|r, _, kept| dispatch(r, &[access(kept)], 1.0)),
            // Poison is for the host to find, not for a pass to go on from.
            refused(&|r, one, _| {
                r.poison(one, 64);
                dispatch(r, &[access(one)], 1.0);
            }),
        ] {
            assert!(unwritten.contains("reduce reads a buffer of 64 B"), "{unwritten}");
        }
    }
    assert!(refused(&|r, one, _| r.download(one, 64)).contains("download reads"));
    let poisoned = |r: &mut Recording, one: Proxy, _: Proxy| {
        r.poison(one, 64);
        r.download(one, 64);
    };
    assert_eq!(refused(&poisoned), "");
    for record in [
        (|r, one, _| r.upload(one, Content::Bytes(vec![0; 68]))) as fn(&mut Recording, Proxy, Proxy),
        |r, one, _| r.poison(one, 68),
        |r, one, kept| r.copy(one, kept, 68),
    ] {
        let sentence = refused(&record);
        assert!(sentence.contains("68 B passes the end of a buffer of 64 B"), "{sentence}");
    }
}

/// What one recording leaves in a kept buffer the next may read; scratch is gone, and its name is not given again.
#[test]
fn kept_buffers_outlive_a_recording_and_scratch_does_not() {
    let mut recording = recording();
    let (kept, scratch) = (recording.keep(64), recording.scratch(64));
    dispatch(&mut recording, &[kept.write(), scratch.write()], 1.0);
    let first = recording.take();
    let written = schedule(&first).unwrap().written;
    assert_eq!(written, [kept.id]);
    let next = recording.scratch(64);
    assert_ne!(next.id, scratch.id);
    dispatch(&mut recording, &[kept.read(), next.write()], 1.0);
    assert!(Timetable::of(&recording, &LIMITS, |id| written.contains(&id)).is_ok());
    dispatch(&mut recording, &[scratch.read()], 1.0);
    assert!(Timetable::of(&recording, &LIMITS, |id| written.contains(&id)).is_err());
}

/// The plan as it is printed: passes, workgroups, buffers with their sizes.
#[test]
fn a_plan_can_be_read() {
    let recording = layers(1);
    let listing = schedule(&recording).unwrap().listing(&recording).to_string();
    assert_eq!(listing, LISTING);
}

const LISTING: &str = "\
piece 0
  upload write kept 0 (16 B)
  upload write slot 0 (2048 B)
  forward 2x1x2 read kept 0 (16 B), read slot 0 (2048 B), write slot 1 (16384 B), write slot 2 (16384 B)
piece 1
  reduce 4x1x2 read slot 1 (16384 B), write slot 3 (4096 B)
piece 2
  root 2x1x1 read slot 3 (4096 B), write slot 4 (4096 B), write slot 5 (4096 B)
piece 3
  transpose 4x1x2 read slot 4 (4096 B), write slot 0 (2048 B)
  download read slot 0 (2048 B)
6 slots, 47104 B
";
