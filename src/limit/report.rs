//! Everything that is known of a limit, as one value for programs: the object that `eoc limit` prints as JSON.
//!
//! Serialises as one object of these fields, in this order; d counts the reported depths, matrices are nested rows:
//!
//! | field | shape | value |
//! | --- | --- | --- |
//! | `n`, `outputs`, `depth` | numbers | n, m_l, l |
//! | `activation` | object | `a`, `b`, `delta` = Δ, `kappa` = κ |
//! | `widths` | list or null | the hidden widths m_1 … m_{l−1}, if given |
//! | `depths` | list | see [`super::reported_depths`] |
//! | `delta`, `inverse_delta` | d × n × n | δ_{d−1}, the cosine distances of the last activations at that depth, and 1/δ_{d−1} |
//! | `eigenvalues` | d × n | of K∞/n, ascending, each of multiplicity m_l; 0 where rounding would show less |
//! | `condition_number` | d | of K∞/n |
//! | `bound` | object or null | `m`, `value`, `full` of [`super::Bound`] |
//! | `theory` | object or null | what the companion paper says of the spectrum, see [`super::theory`] |
//! | `relative_sd_diagonal` | number or null | see [`super::relative_sd_diagonal`] |
//! | `eigenvalue_error` | d | bound of the error of every eigenvalue, see [`super::Spectrum`] |
//! | `ntk` | n × n | K∞ without the identity on the outputs, at depth l, not divided by n |
//!
//! What is infinite or undefined is null: 1/δ of points on one ray, so every diagonal entry; δ and 1/δ of a zero row;
//! the condition number of a matrix whose least eigenvalue may be zero; the bound at Δ = 0 or without a hidden layer;
//! what depends on widths when none are given.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::{Bound, Profile, Theory, bound, relative_sd_diagonal};
use crate::data::DataSet;
use crate::math::activation::Activation;
use crate::model::Network;

/// The constants of the activation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ActivationConstants {
    /// Coefficient of s.
    pub a: f64,
    /// Coefficient of |s|.
    pub b: f64,
    /// Δ.
    pub delta: f64,
    /// κ.
    pub kappa: f64,
}

impl From<Activation> for ActivationConstants {
    fn from(phi: Activation) -> Self {
        Self { a: phi.a(), b: phi.b(), delta: phi.delta(), kappa: phi.kappa() }
    }
}

/// The limit of a network on a data set and the theory around it, to be printed as JSON.
///
/// ```
/// use eoc_ntk::{data::DataSet, limit::{Profile, Report}, math::activation::Activation};
/// let data = DataSet::new(vec![1.0, 0.0, 0.0, 1.0], 2)?;
/// let profile = Profile::new(&data, Activation::ABS, 3, 1.0)?;
/// let report = Report::without_widths(&profile, Activation::ABS, 1);
/// let json = serde_json::to_value(&report)?;
/// assert_eq!(json["depths"], serde_json::json!([1, 2, 3]));
/// assert_eq!(json["delta"][0][0][1], 1.0);
/// assert!(json["inverse_delta"][0][0][0].is_null() && json["bound"].is_null());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Report<'a> {
    n: usize,
    outputs: usize,
    depth: usize,
    activation: ActivationConstants,
    widths: Option<&'a [u64]>,
    depths: &'a [usize],
    delta: Matrices<'a>,
    inverse_delta: Matrices<'a>,
    eigenvalues: Vec<&'a [f64]>,
    condition_number: Vec<f64>,
    theory: Option<&'a Theory>,
    bound: Option<Bound>,
    relative_sd_diagonal: Option<f64>,
    eigenvalue_error: Vec<f64>,
    ntk: Matrix<'a>,
}

impl<'a> Report<'a> {
    /// The report of a network with widths; `profile` is that of its activation, depth and scale on these points.
    pub fn new(profile: &'a Profile, network: &'a Network, data: &DataSet) -> Self {
        let activation = network.activation();
        Self {
            widths: Some(network.hidden()),
            bound: bound(network, data),
            relative_sd_diagonal: Some(relative_sd_diagonal(activation, network.hidden())),
            ..Self::without_widths(profile, activation, network.outputs())
        }
    }

    /// The report when no widths are known: what depends on them is null.
    pub fn without_widths(profile: &'a Profile, activation: Activation, outputs: usize) -> Self {
        let (n, deltas) = (profile.limit().n(), profile.deltas());
        Self {
            n,
            outputs,
            depth: profile.limit().depth(),
            activation: activation.into(),
            widths: None,
            depths: profile.depths(),
            delta: Matrices { n, deltas, entry: |delta| delta },
            inverse_delta: Matrices { n, deltas, entry: |delta| 1.0 / delta },
            eigenvalues: profile.spectra().iter().map(|s| s.eigenvalues.as_slice()).collect(),
            condition_number: profile.spectra().iter().map(|s| s.condition_number).collect(),
            theory: profile.theory(),
            bound: None,
            relative_sd_diagonal: None,
            eigenvalue_error: profile.spectra().iter().map(|s| s.error).collect(),
            ntk: Matrix(Matrices { n, deltas: &[], entry: |value| value }, profile.limit().ntk()),
        }
    }

    /// The bound, if it is finite and widths are known.
    pub fn bound(&self) -> Option<Bound> {
        self.bound
    }

    /// The spread of a diagonal entry, if widths are known.
    pub fn relative_sd_diagonal(&self) -> Option<f64> {
        self.relative_sd_diagonal
    }
}

/// A function of the distances, as nested lists: nothing of n² numbers per depth is copied.
#[derive(Clone, Copy, Debug)]
struct Matrices<'a> {
    n: usize,
    deltas: &'a [Vec<f64>],
    entry: fn(f64) -> f64,
}

#[derive(Clone, Copy, Debug)]
struct Matrix<'a>(Matrices<'a>, &'a [f64]);
struct Row<'a>(Matrices<'a>, &'a [f64]);

impl Serialize for Matrices<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.deltas.iter().map(|values| Matrix(*self, values)))
    }
}

impl Serialize for Matrix<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.1.chunks(self.0.n).map(|row| Row(self.0, row)))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_seq(Some(self.1.len()))?;
        for &delta in self.1 {
            // Not every format writes null for what is not finite, so say it here.
            let value = (self.0.entry)(delta);
            row.serialize_element(&value.is_finite().then_some(value))?;
        }
        row.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn value(report: &Report) -> Value {
        serde_json::from_str(&serde_json::to_string(report).unwrap()).unwrap()
    }

    #[test]
    fn fields_shapes_and_nulls() {
        // Two orthogonal points, a zero row, and the first point again.
        let data = DataSet::new(vec![2.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0], 2).unwrap();
        let network = Network::new(Activation::RELU, vec![8, 4], 2).unwrap();
        let profile = Profile::new(&data, Activation::RELU, 3, 1.0).unwrap();
        let report = Report::new(&profile, &network, &data);
        let text = serde_json::to_string(&report).unwrap();
        let fields = [
            "n",
            "outputs",
            "depth",
            "activation",
            "a",
            "b",
            "delta",
            "kappa",
            "widths",
            "depths",
            "inverse_delta",
            "eigenvalues",
            "condition_number",
            "bound",
            "m",
            "value",
            "full",
            "relative_sd_diagonal",
            "eigenvalue_error",
            "ntk",
        ];
        let positions: Vec<usize> =
            fields.iter().map(|f| text.find(&format!("\"{f}\":")).unwrap_or(usize::MAX)).collect();
        assert!(positions.is_sorted() && positions[19] < usize::MAX, "{text}");
        let json = value(&report);
        assert_eq!((&json["n"], &json["outputs"], &json["depth"]), (&json!(4), &json!(2), &json!(3)));
        assert_eq!((&json["widths"], &json["depths"]), (&json!([8, 4]), &json!([1, 2, 3])));
        assert_eq!(json["activation"]["a"], 0.5);
        assert_eq!(json["delta"][0][0], json!([0.0, 1.0, null, 0.0]));
        assert_eq!(json["inverse_delta"][0][0], json!([null, 1.0, null, null]));
        assert_eq!(json["delta"][2][2], json!([null, null, null, null]));
        assert_eq!(json["condition_number"], json!([null, null, null]));
        assert_eq!(json["eigenvalues"][1].as_array().unwrap().len(), 4);
        assert_eq!((&json["bound"]["m"], &json["bound"]["full"]), (&json!(1.0), &Value::Null));
        assert_eq!((&json["ntk"][0][0], &json["ntk"][0][3]), (&json!(6.0), &json!(6.0)));
        assert!(json["eigenvalue_error"][2].as_f64().is_some_and(|e| e > 0.0 && e < 1e-12));
        assert!(json["relative_sd_diagonal"].as_f64().unwrap() > 0.1);
    }

    #[test]
    fn without_widths_or_without_curvature_there_is_no_bound() {
        let data = DataSet::new(vec![1.0, 2.0], 2).unwrap();
        let phi: Activation = "identity".parse().unwrap();
        let profile = Profile::new(&data, phi, 2, 1.0).unwrap();
        let json = value(&Report::without_widths(&profile, phi, 1));
        assert!(
            json["widths"].is_null() && json["bound"].is_null() && json["relative_sd_diagonal"].is_null()
        );
        let network = Network::new(phi, vec![5], 1).unwrap();
        let json = value(&Report::new(&profile, &network, &data));
        assert!(json["bound"].is_null() && json["relative_sd_diagonal"].is_f64());
    }
}
