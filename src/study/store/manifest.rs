//! What the store says of the run as a whole, and the digests that prove it and the plan whole.

use sha2::{Digest, Sha256};

use crate::study::cell::hexadecimal;
use crate::study::table::{CellRecord, values};
use crate::study::{Asked, Shard};

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

/// Digest of the study and all cells, in hexadecimal. The versions are not in it: a changed one refuses the run by itself,
/// and the identity holds them.
pub(super) fn digest(manifest: &Manifest, cells: &[CellRecord]) -> String {
    let mut sha = Sha256::new();
    // Debug writes every value, floats in round-trip form and texts escaped, so that no two records read alike.
    sha.update(format!("{:?} {:?}\n", manifest.study, manifest.identity));
    for cell in cells {
        sha.update(format!("{:?}\n", values(cell)));
    }
    hexadecimal(&sha.finalize())
}

/// Digest of what changes from one `eoc run` to the next.
pub(super) fn asked_digest(manifest: &Manifest) -> String {
    let Manifest { asked, shard, text, .. } = manifest;
    hexadecimal(&Sha256::digest(format!("{asked:?} {shard} {text:?}")))
}
