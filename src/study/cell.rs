//! A cell of a study: one network on one data set with one sampler and precision, and the key of its rows.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::NUMERICS_VERSION;
use crate::backend::{Precision, Sampler};
use crate::data::{DataSet, Normalize};
use crate::model::{Network, Schedule, commas};
use crate::rng::LAYOUT_VERSION;

/// The points of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct CellData {
    /// The points as the network sees them.
    pub points: DataSet,
    /// What was done to every row.
    pub normalize: Normalize,
    /// SHA-256 of the points before normalisation, in hexadecimal.
    pub hash: String,
    /// ‖x‖/√m_0 of the shortest row that is not zero and of the longest; both 0 where all rows are zero.
    norms: [f64; 2],
}

impl CellData {
    /// Points as the network sees them, and what they were.
    pub fn new(points: DataSet, normalize: Normalize, hash: String) -> Self {
        let root = (points.dim() as f64).sqrt();
        let rows = points.values().chunks_exact(points.dim());
        let norms = rows.map(|row| row.iter().map(|v| v * v).sum::<f64>().sqrt() / root);
        let extremes = norms.filter(|norm| *norm > 0.0).fold(None, |all: Option<[f64; 2]>, norm| {
            Some(all.map_or([norm; 2], |[least, most]| [least.min(norm), most.max(norm)]))
        });
        Self { points, normalize, hash, norms: extremes.unwrap_or_default() }
    }

    /// ‖x‖/√m_0 of the shortest row that is not zero and of the longest.
    pub fn norms(&self) -> &[f64] {
        &self.norms
    }
}

/// One network on one data set with one sampler and precision: everything that its rows depend on but the seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// The network.
    pub network: Network,
    /// The schedule that made the hidden widths, the first where several do; none where they were listed, and at depth
    /// 1.
    pub schedule: Option<Schedule>,
    /// Every schedule of the study that makes these widths, in its order.
    pub schedules: Vec<Schedule>,
    /// The number m of which the schedule made them.
    pub width: Option<u64>,
    /// The points.
    pub data: Arc<CellData>,
    /// The sampler that runs.
    pub sampler: Sampler,
    /// The arithmetic.
    pub precision: Precision,
    /// Whether K_gia is drawn beside every K. It moves nothing of the rows that are there without, so that it is not in
    /// the key.
    pub independence: bool,
}

impl Cell {
    /// The key of this cell's rows but for the seed: SHA-256, in hexadecimal, of network, data, sampler, precision,
    /// stream layout and numerics version.
    pub fn key(&self) -> String {
        let phi = self.network.activation();
        let mut sha = Sha256::new();
        for bits in [phi.a(), phi.b(), self.network.scale()].map(f64::to_bits) {
            sha.update(bits.to_le_bytes());
        }
        for integer in [self.network.outputs() as u64, self.network.hidden().len() as u64] {
            sha.update(integer.to_le_bytes());
        }
        for width in self.network.hidden() {
            sha.update(width.to_le_bytes());
        }
        let Self { sampler, precision, data, .. } = self;
        let rest = format!(
            "{} {} {sampler} {precision} layout {LAYOUT_VERSION} numerics {NUMERICS_VERSION}",
            data.hash, data.normalize
        );
        sha.update(rest);
        hexadecimal(&sha.finalize())
    }

    /// Another schedule that makes the same widths.
    pub(super) fn also(&mut self, schedule: Option<Schedule>) {
        self.schedules.extend(schedule.filter(|s| !self.schedules.contains(s)));
    }

    /// The hidden widths as text, `64,128,256`; empty at depth 1.
    pub fn widths_text(&self) -> String {
        commas(self.network.hidden())
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
