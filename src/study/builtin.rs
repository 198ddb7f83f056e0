//! The studies that come with the program: each examines one claim of the theory, and says what it predicts.
//!
//! What is a number in a prediction (the exact spread of K(x,x), the bound, their exponents) is not written here: it is
//! computed from the plan, before the first network is drawn. Every full form takes minutes on two cores, every quick
//! form well under one.

use std::fmt;
use std::str::FromStr;

use super::{SeedRange, Spec, Widths};
use crate::data::{Normalize, Source};
use crate::math::activation::Activation;
use crate::model::Schedule;
use crate::sampler::{Sampler, SamplerChoice};

/// A built-in study: words, and which grid it is; its numbers come from the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// What it varies, in a few words.
    pub about: &'static str,
    /// The claim that it examines.
    pub claim: &'static str,
    /// What theory predicts, beside the numbers that follow from the plan.
    pub prediction: &'static str,
    /// Time of the full and of the quick form on two cores, as measured.
    pub time: [&'static str; 2],
    grid: Grid,
}

/// What a built-in study varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grid {
    First,
    Width,
    Depth,
    Activation,
    Outputs,
    Million,
    Deep,
    Points,
    Tail,
    Spectrum,
    Layers,
    Independence,
}

/// The built-in study that is no grid: a search for the width that is needed, whose rows [`Kept`](super::kept::Kept)
/// keeps.
pub const NEEDED: &str = "needed";

/// The text names no built-in study.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no built-in study is called \"{}\"; use {}", .0, names())]
pub struct UnknownStudy(String);

/// All of them; the first is the one that runs when no other is named.
pub const BUILTIN: [Builtin; 12] = [
    Builtin {
        name: "first",
        about: "|s| and ReLU by width, depth 4, 32 digits",
        claim: "‖K−K∞‖/n is of the order (Δ^-2 + l·√m_l)·κ²·m^(-1/2), modulo logarithms: it falls with the width m, \
                and |s| (Δ = 1, κ = 1) is closer to its limit than ReLU (Δ = 1/2, κ = √2).",
        prediction: "the median of ‖K−K∞‖/‖K∞‖ falls with exponent -1/2 in m for both activations, and |s| : ReLU is \
                     below 1 at every m.",
        time: ["2 seconds", "1 second"],
        grid: Grid::First,
    },
    Builtin {
        name: "width",
        about: "m^(-1/2), widths 64 to 65536, 32 digits and one",
        claim: "at a fixed depth, K spreads about K∞ by the order m^(-1/2).",
        prediction: "the exponent in m of the median of ‖K−K∞‖/‖K∞‖ is -1/2 for wide networks. At one point K is \
                     K(x,x): its mean is the depth at every width (λ_min of K/n), and the s.d. of tr K is the exact \
                     one.",
        time: ["2 minutes", "8 seconds"],
        grid: Grid::Width,
    },
    Builtin {
        name: "depth",
        about: "constant, linear and quadratic widths to depth 64",
        claim: "widths m_k = k²·m suffice at every depth l, constant ones do not: over ‖K∞/n‖ the bound grows as l, √l \
                and not at all for constant, linear and quadratic widths.",
        prediction: "the constant of the bound (90 % quantile of ‖K−K∞‖/n : bound) stays bounded in l. The exact s.d. \
                     of K(x,x) grows as √l and then exponentially for constant widths, as √log l for linear ones, and \
                     stays bounded for quadratic ones.",
        time: ["3 minutes", "20 seconds"],
        grid: Grid::Depth,
    },
    Builtin {
        name: "activation",
        about: "Δ from 0 (linear) over 1/2 (ReLU) to 1 (|s|)",
        claim: "the bound has the factor (Δ^-2 + l·√m_l)·κ², least for |s| (Δ = 1): it puts |s| before ReLU and every \
                other of 0 < Δ < 1. Of the linear network (Δ = 0), where it is infinite, it says nothing.",
        prediction: "a diagonal entry cannot tell Δ from 1−Δ: its exact spread is greatest for ReLU and least, and the \
                     same, for |s| and the linear network; so |s| : φ of the medians is below 1 in between. Of the \
                     order of |s| and the linear network theory says nothing: they have one exact spread, and the \
                     bound is infinite for the linear one.",
        time: ["half a minute", "4 seconds"],
        grid: Grid::Activation,
    },
    Builtin {
        name: "outputs",
        about: "1 to 32 outputs",
        claim: "the bound grows with the number of outputs as l·√m_l.",
        prediction: "the exponent in m_l of the median is between 0 and 1/2: a diagonal entry has the same law at any \
                     m_l, and √m_l alone has 1/2. The constant of the bound (90 % quantile of ‖K−K∞‖/n : bound) does \
                     not grow with m_l.",
        time: ["half a minute", "7 seconds"],
        grid: Grid::Outputs,
    },
    Builtin {
        name: "million",
        about: "widths to 10^6, depth 4",
        claim: "the law m^(-1/2) goes on to a million neurons in every layer, where a network has 2·10^12 weights; \
                none of them is formed.",
        prediction: "the exponent in m is -1/2 over three decades; at one point the s.d. of tr K is the exact one of \
            K(x,x).",
        time: ["2 minutes", "15 seconds"],
        grid: Grid::Million,
    },
    Builtin {
        name: "deep",
        about: "depth 100, m_k = k²·m",
        claim: "a network of 100 layers concentrates as m grows where its widths are m_k = k²·m.",
        prediction: "the exponent in m is -1/2 for large m; at one point the s.d. of tr K is the exact one of K(x,x), \
                     and the mean of K(x,x) is the depth.",
        time: ["7 minutes", "30 seconds"],
        grid: Grid::Deep,
    },
    Builtin {
        name: "points",
        about: "4 to 256 points, 8 times the width",
        claim: "no linear overparameterisation is needed: ‖K−K∞‖/n stays within the bound at any number of points n, \
                of which the bound holds no more than √log n, also where n is larger than the width.",
        prediction: "the constant of the bound modulo logarithms (90 % quantile of ‖K−K∞‖/n : bound) does not grow \
                     with n, from 4 points to 256, 8 times the first width.",
        time: ["10 seconds", "2 seconds"],
        grid: Grid::Points,
    },
    Builtin {
        name: "tail",
        about: "how rare large deviations are, m_k = k²·m",
        claim: "P(‖K−K∞‖ > C·bound) ≤ 16/m, the bound carrying √log m: beyond a fixed threshold a deviation is rarer \
                than any power of m, beyond c·√(log m/m) as rare as 16/m.",
        prediction: "P(‖K−K∞‖/‖K∞‖ > 0.2) falls faster than 1/m; beyond 2·√log m times the exact s.d. : mean of \
                     K(x,x), which is of the order √(log m/m), lie at most 16/m; the quantile at 1 - 1/m over the \
                     bound in full grows no more than that of a normal law.",
        time: ["2 minutes", "8 seconds"],
        grid: Grid::Tail,
    },
    Builtin {
        name: "spectrum",
        about: "the spectrum of K∞ and of K, Δ from 1/8 to 1",
        claim: "arXiv 2501.13225 says what the spectrum of K∞ is (Theorem 18, Propositions 12 to 14 and 17, Figure 1); \
                K has it where it is close to K∞.",
        prediction: "of K∞, on uniform points of a sphere: condition numbers at depth 64 are the published ones, \
                     errors stay within their orders as the depth grows, no entry is above the bound that has no \
                     constant. Of K at finite width: the mean of the sum of the eigenvalues is that of K∞, which are \
                     below, and the exponent in m is -1/2 of the largest move of an eigenvalue, at most that of the \
                     logarithm of the condition number over that of K∞.",
        time: ["15 seconds", "3 seconds"],
        grid: Grid::Spectrum,
    },
    Builtin {
        name: "layers",
        about: "every layer to depth 32, widths m, k·m and k²·m",
        claim: "with widths k²·m norms, cosines and gradients of every layer stay near their limits as the depth grows \
                (arXiv 2501.14724, Propositions 24 to 27), and the error of inverse cosine distances is flat in k; it \
                is linear for k·m and quadratic for m (Figure 1).",
        prediction: "with widths k²·m the largest error of a norm grows at most as log k, that of a cosine falls as \
                     (k-1)^-2, those of gradients grow towards the input as log(l/k) at most. The error of inverse \
                     cosine distances has at most the exponent of log k for k²·m, 1 for k·m, 2 for m; at m = 16 and \
                     two points it is the published one.",
        time: ["1 minute", "7 seconds"],
        grid: Grid::Layers,
    },
    Builtin {
        name: "independence",
        about: "K beside K with independent gradients, widths 64 to 1024",
        claim: "gradients are nearly independent of activations: what assuming it changes in one step is O(1/m) \
                (arXiv 2501.14724, Proposition 17), while K itself is off its limit by m^(-1/2).",
        prediction: "the exponent in m of the median of ‖K−K_gia‖/‖K∞‖, both kernels from the same draws, is nearer to \
                     -1 than to -1/2. The mean of an entry of K−K_gia is below the proposition's bound for pairs of \
                     every angle, nearly opposite ones too: its cosines are of hidden layers.",
        time: ["13 seconds", "4 seconds"],
        grid: Grid::Independence,
    },
];

impl Builtin {
    /// The study that runs when none is named.
    pub const FIRST: Self = BUILTIN[0];

    /// The study; the quick form has fewer seeds, and where one cell costs most of the time, not that one.
    pub fn spec(&self, quick: bool) -> Spec {
        let of = |full: u32, few: u32| Some(SeedRange::first(if quick { few } else { full }));
        let digits = |counts: &[usize]| counts.iter().map(|&n| Source::Digits { n }).collect::<Vec<_>>();
        let base = Spec {
            name: Some(self.name.to_owned()),
            activation: Some(vec![Activation::ABS, Activation::RELU]),
            depth: Some(vec![4]),
            normalize: Some(vec![Normalize::Sphere]),
            ..Spec::default()
        };
        match self.grid {
            Grid::Width => Spec {
                seeds: of(1024, 64),
                widths: Some(Widths::Scheduled(vec![64, 256, 1024, 4096, 16384, 65536])),
                source: Some(digits(&[32, 1])),
                ..base
            },
            Grid::Depth => Spec {
                seeds: of(128, 12),
                depth: Some(vec![4, 8, 16, 32, 64]),
                widths: Some(Widths::Scheduled(vec![128])),
                schedule: Some(vec![Schedule::Constant, Schedule::Linear, Schedule::Quadratic]),
                source: Some(digits(&[8])),
                ..base
            },
            Grid::Activation => Spec {
                seeds: of(4096, 512),
                activation: Some(sweep()),
                widths: Some(Widths::Scheduled(vec![1024])),
                source: Some(digits(&[32])),
                ..base
            },
            Grid::Outputs => Spec {
                seeds: of(512, 64),
                widths: Some(Widths::Scheduled(vec![1024])),
                outputs: Some(vec![1, 2, 4, 8, 16, 32]),
                source: Some(digits(&[8])),
                ..base
            },
            Grid::Million => Spec {
                seeds: of(128, 12),
                widths: Some(Widths::Scheduled(vec![1000, 10_000, 100_000, 1_000_000])),
                source: Some(digits(&[16, 1])),
                ..base
            },
            Grid::Deep => Spec {
                seeds: of(64, 16),
                depth: Some(vec![100]),
                widths: Some(Widths::Scheduled(if quick { vec![10, 30] } else { vec![10, 30, 100] })),
                schedule: Some(vec![Schedule::Quadratic]),
                source: Some(digits(&[8, 1])),
                ..base
            },
            Grid::Points => Spec {
                seeds: of(512, 64),
                widths: Some(Widths::Scheduled(vec![32])),
                schedule: Some(vec![Schedule::Quadratic]),
                source: Some(digits(&[4, 16, 64, 256])),
                ..base
            },
            // A quantile at 1 − 1/m has an upper limit from 3.7·m seeds on.
            Grid::Tail => Spec {
                seeds: of(16384, 4096),
                widths: Some(Widths::Scheduled(if quick {
                    vec![16, 64, 256, 1024]
                } else {
                    vec![16, 64, 256, 1024, 4096]
                })),
                schedule: Some(vec![Schedule::Quadratic]),
                source: Some(digits(&[8])),
                ..base
            },
            Grid::Spectrum => Spec {
                seeds: of(256, 32),
                spectrum: Some(true),
                activation: Some(activations_of_figure_1()),
                depth: Some(vec![8]),
                widths: Some(Widths::Scheduled(vec![64, 256, 1024])),
                source: Some(vec![Source::Sphere { n: 32, dim: 16, seed: 0 }]),
                ..base
            },
            // From some hundred seeds on the mean of an entry is known to a part of its bound.
            Grid::Independence => Spec {
                seeds: of(2048, 512),
                sampler: Some(vec![SamplerChoice::Always(Sampler::Conditional)]),
                independence: Some(true),
                widths: Some(Widths::Scheduled(vec![64, 256, 1024])),
                // Images are all on one side; these points are at every angle up to nearly opposite ones.
                source: Some([digits(&[16]), vec![Source::Sphere { n: 16, dim: 3, seed: 1 }]].concat()),
                ..base
            },
            // A pair as far apart as those of Figure 1 are on average: w_1 = 1.72.
            Grid::Layers => Spec {
                seeds: of(512, 64),
                layers: Some(true),
                activation: Some(vec![Activation::ABS]),
                depth: Some(vec![32]),
                widths: Some(Widths::Scheduled(vec![16, 64])),
                schedule: Some(vec![Schedule::Constant, Schedule::Linear, Schedule::Quadratic]),
                source: Some([digits(&[8]), vec![Source::Pair { angle: 1.24 }]].concat()),
                ..base
            },
            Grid::First => Spec { seeds: of(64, 16), ..Spec::first() },
        }
    }
}

/// From the identity to |s| through ReLU; b : a and a : b by the same numbers, so that Δ and 1 − Δ both occur.
fn sweep() -> Vec<Activation> {
    let steps = [
        (1.0, 0.0),
        (3.0, 1.0),
        (2.0, 1.0),
        (1.5, 1.0),
        (0.5, 0.5),
        (1.0, 1.5),
        (1.0, 2.0),
        (1.0, 3.0),
        (0.0, 1.0),
    ];
    let activation =
        |(a, b)| Activation::new(a, b).unwrap_or_else(|e| unreachable!("a step of the sweep: {e}"));
    steps.into_iter().map(activation).collect()
}

/// The activations of Figure 1 of arXiv 2501.13225: b² : a² = Δ : 1−Δ, Δ = 1/8 … 1.
pub(crate) fn activations_of_figure_1() -> Vec<Activation> {
    let activation = |k: u32| {
        let delta = f64::from(k) / 8.0;
        Activation::new((1.0 - delta).sqrt(), delta.sqrt())
    };
    (1..=8).filter_map(|k| activation(k).ok()).collect()
}

fn names() -> String {
    let names = BUILTIN.map(|study| study.name);
    let [rest @ .., last] = &names;
    format!("{} or {last}", rest.join(", "))
}

impl fmt::Display for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl FromStr for Builtin {
    type Err = UnknownStudy;

    fn from_str(text: &str) -> Result<Self, UnknownStudy> {
        BUILTIN.into_iter().find(|study| study.name == text).ok_or_else(|| UnknownStudy(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Plan;

    #[test]
    fn every_study_can_be_planned_and_has_its_name() {
        for study in BUILTIN {
            assert_eq!(study.to_string().parse(), Ok(study));
            let [full, quick] = [false, true].map(|quick| Plan::new(study.spec(quick)).unwrap());
            assert_eq!((full.name(), quick.name()), (study.name, study.name));
            let seeds = |plan: &Plan| plan.spec().seeds.as_ref().map(SeedRange::count);
            assert!(seeds(&full) > seeds(&quick), "{study}");
            // A median needs 6 seeds for its interval, a bootstrap 8.
            assert!(seeds(&quick) >= Some(8), "{study}");
            let mut cells = full.cells().iter();
            assert!(quick.cells().iter().all(|c| cells.any(|d| c.key() == d.key())), "{study}: other cells");
            let grid: usize = full.cells().len();
            let spec = full.spec();
            let lengths = [spec.activation.as_ref().map(Vec::len), spec.depth.as_ref().map(Vec::len)];
            let lengths = lengths.into_iter().chain([
                spec.outputs.as_ref().map(Vec::len),
                spec.schedule.as_ref().map(Vec::len),
                spec.source.as_ref().map(Vec::len),
            ]);
            let widths = match &spec.widths {
                Some(Widths::Scheduled(widths)) => widths.len(),
                _ => 1,
            };
            // No two cells of a grid are one network, so that every line is complete.
            assert_eq!(grid, widths * lengths.flatten().product::<usize>(), "{study}");
        }
        assert_eq!(Builtin::FIRST.spec(false), Spec::first());
        let error = "wide".parse::<Builtin>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no built-in study is called \"wide\"; use first, width, depth, activation, outputs, million, deep, \
             points, tail, spectrum, layers or independence"
        );
    }

    #[test]
    fn the_sweep_is_symmetric_about_relu() {
        let deltas: Vec<f64> = sweep().iter().map(Activation::delta).collect();
        assert_eq!((deltas.len(), deltas[0], deltas[4], deltas[8]), (9, 0.0, 0.5, 1.0));
        for (low, high) in deltas.iter().zip(deltas.iter().rev()) {
            assert!((low + high - 1.0).abs() < 1e-15);
        }
        assert!(deltas.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
