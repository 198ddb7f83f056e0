//! What the tables hold, in memory, and the sums that prove it whole.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::study::cell::{Cell, hexadecimal};
use crate::study::{Asked, Shard};

/// The statistics of a row, in the order of export. Deviations are of K/n from K∞/n in operator norm, Frobenius norm
/// and largest entry; relative ones are divided by the same norm of K∞/n; λ and trace are of K/n; output_norm is ‖N‖_F.
pub const STATISTICS: [&str; 10] = [
    "deviation_op",
    "deviation_fro",
    "deviation_max",
    "relative_op",
    "relative_fro",
    "relative_max",
    "lambda_min",
    "lambda_max",
    "trace",
    "output_norm",
];

/// Place of `relative_fro` among them, of which a standard error may be asked for.
pub const RELATIVE_FRO: usize = 4;

/// One finished sample.
#[derive(Clone, Debug)]
pub struct Row {
    /// Index of its cell.
    pub cell: usize,
    /// Its seed.
    pub seed: u64,
    /// Its [`STATISTICS`]; NaN where one is undefined (NULL in the table), as a relative deviation from K∞ = 0.
    pub values: [f64; 10],
    /// The device that computed it.
    pub device: Arc<str>,
    /// Seconds that it took: those of its batch over the seeds in it.
    pub seconds: f64,
}

/// What the run store knows of K∞ for one cell; `None` where a number is infinite or undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LimitRecord {
    /// Least eigenvalue of K∞/n.
    pub lambda_min: Option<f64>,
    /// Largest eigenvalue of K∞/n, its operator norm.
    pub lambda_max: Option<f64>,
    /// Standard deviation of K(x,x) over its mean at these widths.
    pub relative_sd_diagonal: Option<f64>,
    /// The right side of the concentration bound at these widths.
    pub bound: Option<f64>,
}

/// One cell as stored: the columns that its rows share, and its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct CellRecord {
    /// The key of its rows but for the seed, 64 hexadecimal digits.
    pub key: String,
    /// The activation as text that reads back as (a, b).
    pub activation: String,
    /// Coefficient of s.
    pub a: f64,
    /// Coefficient of |s|.
    pub b: f64,
    /// l, the number of weight matrices.
    pub depth: u64,
    /// `constant`, `linear` or `quadratic`; none where the widths were listed, and at depth 1.
    pub schedule: Option<String>,
    /// m, of which the schedule makes the widths; none where there is no schedule.
    pub width: Option<u64>,
    /// The hidden widths, `64,128,256`; empty at depth 1.
    pub widths: String,
    /// m_l.
    pub outputs: u64,
    /// Constant in front of K and K∞.
    pub scale: f64,
    /// The data source as the study names it.
    pub data: String,
    /// `sphere` or `none`.
    pub normalize: String,
    /// n, the number of points.
    pub n: u64,
    /// The sampler that runs.
    pub sampler: String,
    /// The arithmetic.
    pub precision: String,
    /// Its limit.
    pub limit: LimitRecord,
}

/// What the run is and what made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name of the study.
    pub study: String,
    /// Identity of the study.
    pub identity: String,
    /// Version of the random streams.
    pub stream_layout: u32,
    /// Version of the arithmetic.
    pub numerics_version: u32,
    /// What the last `eoc run` asked of every cell.
    pub asked: Asked,
    /// The part of it that it ran.
    pub shard: Shard,
    /// The text of the study as it was resolved then.
    pub text: String,
}

impl Manifest {
    /// `NAME-HASH8`, by which people tell studies apart.
    pub fn directory_name(&self) -> String {
        format!("{}-{}", self.study, self.identity.get(..8).unwrap_or(&self.identity))
    }
}

/// One process that added samples.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    /// When it began, seconds since 1970.
    pub started: u64,
    /// Version of the program.
    pub version: String,
    /// Commit it was built from, `unknown` outside a repository.
    pub commit: String,
    /// Device.
    pub device: String,
    /// Driver of the device; for the CPU its instruction set.
    pub driver: String,
    /// Worker threads.
    pub threads: u64,
}

impl CellRecord {
    /// The stored form of a planned cell.
    pub fn new(cell: &Cell, limit: LimitRecord) -> Self {
        let (phi, network) = (cell.network.activation(), &cell.network);
        Self {
            key: cell.key(),
            activation: phi.to_string(),
            a: phi.a(),
            b: phi.b(),
            depth: network.depth() as u64,
            schedule: cell.schedule.map(|s| s.to_string()),
            width: cell.width,
            widths: cell.widths_text(),
            outputs: network.outputs() as u64,
            scale: network.scale(),
            data: cell.data.points.label().to_owned(),
            normalize: cell.data.normalize.to_string(),
            n: cell.data.points.n() as u64,
            sampler: cell.sampler.to_string(),
            precision: cell.precision.to_string(),
            limit,
        }
    }

    /// 64 bits of the key, which enter the check sums of this cell's rows.
    pub(super) fn key_bits(&self) -> u64 {
        // A key that is no number fails the digest before this is asked.
        self.key.get(..16).and_then(|head| u64::from_str_radix(head, 16).ok()).unwrap_or(0)
    }
}

impl Row {
    /// Check sum of everything in the row, under the key of its cell. It finds damage; it is no defence against malice.
    pub(super) fn check_sum(&self, key_bits: u64) -> i64 {
        let mut sum = mix(key_bits, self.seed);
        for value in self.values.iter().chain([&self.seconds]) {
            // NULL has lost the sign and payload of its NaN.
            let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
            sum = mix(sum, bits);
        }
        for byte in self.device.bytes() {
            sum = mix(sum, u64::from(byte));
        }
        sum as i64
    }
}

/// One step of a 64-bit hash: every step is a bijection of the state, so that one damaged word always shows.
fn mix(state: u64, word: u64) -> u64 {
    let mixed = (state ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 32)).wrapping_add(0x2545_F491_4F6C_DD1D)
}

/// Digest of the study and all cells, in hexadecimal. The versions are not in it: a changed one refuses the run by itself,
/// and the identity holds them.
pub(super) fn digest(manifest: &Manifest, cells: &[CellRecord]) -> String {
    let mut sha = Sha256::new();
    // Debug writes every field, floats in round-trip form and texts escaped, so that no two records read alike.
    sha.update(format!("{:?} {:?}\n", manifest.study, manifest.identity));
    for cell in cells {
        sha.update(format!("{cell:?}\n"));
    }
    hexadecimal(&sha.finalize())
}

/// Digest of what changes from one `eoc run` to the next.
pub(super) fn asked_digest(manifest: &Manifest) -> String {
    let Manifest { asked, shard, text, .. } = manifest;
    hexadecimal(&Sha256::digest(format!("{asked:?} {shard} {text:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_a_row_enters_its_check_sum() {
        let row = Row { cell: 0, seed: 5, values: [0.25; 10], device: "cpu".into(), seconds: 0.5 };
        let sum = row.check_sum(7);
        assert_ne!(sum, row.check_sum(6));
        for bit in 0..63 {
            assert_ne!(sum, Row { seed: row.seed ^ (1 << bit), ..row.clone() }.check_sum(7));
            for i in 0..10 {
                let mut other = row.clone();
                other.values[i] = f64::from_bits(other.values[i].to_bits() ^ (1 << bit));
                assert_ne!(sum, other.check_sum(7), "bit {bit} of statistic {i}");
            }
        }
        assert_ne!(sum, Row { device: "cpv".into(), ..row.clone() }.check_sum(7));
        assert_ne!(sum, Row { seconds: 0.5000001, ..row.clone() }.check_sum(7));
        // A NULL reads back as the canonical NaN.
        let undefined = |nan| Row { values: [nan; 10], ..row.clone() }.check_sum(7);
        assert_eq!(undefined(f64::NAN), undefined(-f64::NAN));
    }
}
