//! From a kernel to the statistics of its row, against K∞ of its cell.

use super::cell::Cell;
use super::store::LimitRecord;
use crate::limit::{Limit, bound, relative_sd_diagonal};
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
        let hidden = cell.network.hidden();
        let finite = |value: f64| value.is_finite().then_some(value + 0.0);
        let eigenvalues = self.reference.eigenvalues();
        LimitRecord {
            lambda_min: eigenvalues.first().copied().and_then(finite),
            lambda_max: eigenvalues.last().copied().and_then(finite),
            relative_sd_diagonal: finite(relative_sd_diagonal(cell.network.activation(), hidden)),
            bound: bound(&cell.network, &cell.data.points).and_then(|b| finite(b.value)),
        }
    }

    /// K∞ as samples are compared with it.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The [statistics](super::store::STATISTICS) of one sample, in their order.
    pub fn statistics(sample: &MeasuredSample) -> [f64; 10] {
        let s = &sample.statistics;
        [
            s.deviation_op,
            s.deviation_fro,
            s.deviation_max,
            s.relative_op,
            s.relative_fro,
            s.relative_max,
            s.lambda_min,
            s.lambda_max,
            s.trace,
            sample.output_norm,
        ]
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
        assert!(statistics[..6].iter().all(|d| *d < 1e-14));
        // On the sphere of radius √m_0 every K∞(x,x) is the depth.
        assert!((statistics[8] - 6.0).abs() < 1e-13 && statistics[9] == 2.5);
        let record = measure.limit_record(cell);
        assert_eq!(record.lambda_min.map(|l| (l - statistics[6]).abs() < 1e-14), Some(true));
        assert_eq!(record.lambda_max.map(|l| (l - statistics[7]).abs() < 1e-14), Some(true));
    }
}
