//! From a kernel to the statistics of its row, against K∞ of its cell.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::cell::Cell;
use super::store::{LimitRecord, Statistics};
use crate::backend::MeasuredSample;
use crate::data::Normalize;
use crate::limit::{Limit, Parallel};
use crate::stats::{LayerReference, MeasureError, Reference};

/// K∞ of a cell, ready to be compared with.
pub struct Measure {
    reference: Reference,
    parallel: Option<Parallel>,
    /// The limits of the layers, made when they are first asked for.
    layers: OnceLock<LayerReference>,
    /// K∞ itself, the same way: what samples are held against is K∞/n.
    limit: OnceLock<Limit>,
}

/// Most bytes of limits that are kept for cells that share them.
const KEPT_BYTES: usize = 256 << 20;

/// The limits of the cells of a study, each computed once as long as they fit a few hundred MiB: for the store, for
/// what a built-in study says before it starts, and for the samples. K∞ does not depend on the widths, so that all
/// cells of a study of widths share one.
#[derive(Default)]
pub struct Limits {
    kept: Mutex<HashMap<Key, Arc<Measure>>>,
}

/// What K∞ and its norms depend on.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    data: String,
    normalize: Normalize,
    /// a, b and the scale.
    bits: [u64; 3],
    depth: usize,
    outputs: usize,
}

impl Limits {
    /// K∞ of a cell.
    pub fn of(&self, cell: &Cell) -> Result<Arc<Measure>, MeasureError> {
        let (network, phi) = (&cell.network, cell.network.activation());
        let key = Key {
            data: cell.data.hash.clone(),
            normalize: cell.data.normalize,
            bits: [phi.a(), phi.b(), network.scale()].map(f64::to_bits),
            depth: network.depth(),
            outputs: network.outputs(),
        };
        // A lock that a panic has left behind only costs the work once more.
        let Ok(mut kept) = self.kept.lock() else { return Measure::new(cell).map(Arc::new) };
        if let Some(measure) = kept.get(&key) {
            return Ok(Arc::clone(measure));
        }
        let measure = Arc::new(Measure::new(cell)?);
        if kept.values().map(|m| m.bytes()).sum::<usize>() + measure.bytes() > KEPT_BYTES {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&measure));
        Ok(measure)
    }
}

fn limit(cell: &Cell) -> Limit {
    let network = &cell.network;
    Limit::new(&cell.data.points, network.activation(), network.depth(), network.scale())
}

impl Measure {
    /// Computes K∞ of a cell.
    fn new(cell: &Cell) -> Result<Self, MeasureError> {
        let (network, points) = (&cell.network, &cell.data.points);
        let limit = limit(cell);
        let reference = Reference::new(limit.ntk(), points.n(), network.outputs())?;
        let parallel = limit.parallel();
        Ok(Self { reference, parallel, layers: OnceLock::new(), limit: OnceLock::new() })
    }

    /// What the store keeps of K∞.
    pub fn limit_record(&self, cell: &Cell) -> LimitRecord {
        LimitRecord::of(cell, &self.reference, self.parallel)
    }

    /// K∞ as samples are compared with it.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The limits of every layer, of a cell that this is the K∞ of.
    pub fn layers(&self, cell: &Cell) -> &LayerReference {
        self.layers.get_or_init(|| LayerReference::new(&cell.network, &cell.data.points))
    }

    /// K∞ itself, of a cell that this is the K∞ of.
    pub fn limit(&self, cell: &Cell) -> &Limit {
        self.limit.get_or_init(|| limit(cell))
    }

    fn bytes(&self) -> usize {
        let own = 8 * (self.reference.limit().len() + self.reference.eigenvalues().len());
        // K∞, its NNGP kernel and distances.
        let limit = self.limit.get().map_or(0, |limit| 3 * 8 * limit.ntk().len());
        own + limit + self.layers.get().map_or(0, LayerReference::bytes)
    }

    /// The statistics of one sample as they are stored.
    pub fn statistics(sample: &MeasuredSample) -> Statistics {
        Statistics::of(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Plan, file};

    #[test]
    fn the_limit_does_not_deviate_from_itself() {
        let text = "[network]\nactivation='relu'\ndepth=3\nwidth=5\noutputs=2\n[data]\nnormalize='sphere'\n\
                    source='gaussian:n=4,dim=3,seed=1'";
        let plan = Plan::new(file::parse(text).unwrap()).unwrap();
        let cell = &plan.cells()[0];
        let limit = Limit::new(&cell.data.points, cell.network.activation(), 3, 1.0);
        let measure = Measure::new(cell).unwrap();
        let statistics = measure.reference().measure(&limit.expand(2)).unwrap();
        let sample = MeasuredSample { seed: 0, statistics, output_norm: 2.5, independence: None };
        let statistics = Measure::statistics(&sample);
        let Statistics { deviation_op, deviation_fro, deviation_max, .. } = statistics;
        assert!([deviation_op, deviation_fro, deviation_max].iter().all(|d| *d < 1e-14));
        let Statistics { relative_op, relative_fro, relative_max, .. } = statistics;
        assert!([relative_op, relative_fro, relative_max].iter().all(|d| *d < 1e-14));
        // On the sphere of radius √m_0 every K∞(x,x) is the depth.
        assert!((statistics.trace - 6.0).abs() < 1e-13 && statistics.output_norm == 2.5);
        let record = measure.limit_record(cell);
        assert_eq!(record.lambda_min.map(|l| (l - statistics.lambda_min).abs() < 1e-14), Some(true));
        assert_eq!(record.lambda_max.map(|l| (l - statistics.lambda_max).abs() < 1e-14), Some(true));
    }
}
