//! The passes: for each shader its parameter block, its constants and the one function that records it.
//!
//! Blocks are `repr(C)`, scalars and vec4 only; names, order, offsets and constants are compared with the shaders in
//! `tests/contract.rs`.

pub mod assemble;
pub mod couple;
pub mod draw;
pub mod fused;
pub mod gram;
pub mod probe;
pub mod project;
pub mod reduce;
pub mod root;
pub mod spectrum;
mod square;
pub mod transpose;

pub(super) use square::{in_workgroup, scratch as square_scratch};

use super::module::Element;
use super::recording::Proxy;

/// A panel or small matrix of every seed: `[seed][row][column]`, strides in elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    /// The buffer.
    pub(super) buffer: Proxy,
    /// Elements from one seed to the next; 0 where all seeds share it.
    pub(super) seed: u32,
    /// Elements from one row to the next.
    pub(super) row: u32,
    /// Their type.
    pub(super) element: Element,
}

/// Slopes of a layer as the shaders take them.
pub(super) fn slopes(slopes: [f64; 3]) -> [f32; 4] {
    let [below, at_zero, above] = slopes;
    [below as f32, at_zero as f32, above as f32, 0.0]
}

#[cfg(test)]
pub(super) mod tests;
