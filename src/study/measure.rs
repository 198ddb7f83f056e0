//! From a kernel to the statistics of its row, against K∞ of its cell.

use super::cell::Cell;
use super::store::{LimitRecord, Statistics};
use crate::limit::Limit;
use crate::sampler::MeasuredSample;
use crate::stats::{MeasureError, Reference};

/// K∞ of a cell, ready to be compared with.
pub struct Measure {
    reference: Reference,
}

impl Measure {
    /// Computes K∞ of a cell.
    pub fn new(cell: &Cell) -> Result<Self, MeasureError> {
        let (network, points) = (&cell.network, &cell.data.points);
        let limit = Limit::new(points, network.activation(), network.depth(), network.scale());
        Ok(Self { reference: Reference::new(limit.ntk(), points.n(), network.outputs())? })
    }

    /// What the store keeps of K∞.
    pub fn limit_record(&self, cell: &Cell) -> LimitRecord {
        LimitRecord::of(cell, &self.reference)
    }

    /// K∞ as samples are compared with it.
    pub fn reference(&self) -> &Reference {
        &self.reference
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
        let statistics = Measure::statistics(&MeasuredSample { seed: 0, statistics, output_norm: 2.5 });
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
