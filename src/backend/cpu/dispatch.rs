//! Runs a pass compiled for the widest instruction set of this machine, without compiler flags and without unsafe.

use pulp::{Arch, Simd, WithSimd};

/// A pass over one block of neurons. `run` is compiled once for each instruction set; everything it calls in its inner
/// loops must be inlined into it, or it would fall back to the baseline.
pub trait Pass {
    /// What the pass returns.
    type Output;
    /// The work, on the vectors of `S`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

struct Runner<P>(P);

impl<P: Pass> WithSimd for Runner<P> {
    type Output = P::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> P::Output {
        self.0.run(simd)
    }
}

/// Runs a pass.
pub fn run<P: Pass>(arch: Arch, pass: P) -> P::Output {
    arch.dispatch(Runner(pass))
}

/// Name of the instruction set that [`run`] chooses here.
pub fn name(arch: Arch) -> &'static str {
    struct Name;
    impl WithSimd for Name {
        type Output = &'static str;
        fn with_simd<S: Simd>(self, _simd: S) -> &'static str {
            // Lanes of f64 tell the levels of x86-64 apart.
            match (S::IS_SCALAR, S::F64_LANES) {
                (true, _) => "baseline",
                (false, 8) if cfg!(target_arch = "x86_64") => "avx512",
                (false, _) if cfg!(target_arch = "x86_64") => "avx2+fma",
                (false, _) if cfg!(target_arch = "aarch64") => "neon",
                _ => "simd",
            }
        }
    }
    arch.dispatch(Name)
}
