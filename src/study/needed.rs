//! The built-in study `needed`: which question it asks of which networks, and what theory says of the answers. It is no
//! grid but a search, as of any other networks.

use crate::math::activation::Activation;

/// What it varies, in a few words.
pub const ABOUT: &str = "width needed by depth, constant and quadratic";

/// Time of the full form and of the quick one on two cores, as measured.
pub const TIME: [&str; 2] = ["10 minutes", "1 minute"];

/// The claim that it examines.
pub const CLAIM: &str = "widths m_k = k²·m suffice at every depth l: over ‖K∞/n‖ the bound asks for an m that does not \
                         grow with l, and for constant widths for one that grows as l².";

/// What theory predicts.
pub const PREDICTION: &str = "the m that is needed of quadratic widths stays bounded in l. That of constant widths \
                              grows; by the exact spread of K(x,x) as l, as long as it is far above the depth. |s| \
                              needs less than ReLU, as its bound is the smaller one.";

/// Its activations, of which the first needs the smaller width.
pub const ACTIVATIONS: [Activation; 2] = [Activation::ABS, Activation::RELU];

/// Its points.
pub const SOURCE: &str = "digits:n=8";

/// A form of the study.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Form {
    /// T.
    pub tolerance: f64,
    /// P.
    pub confidence: f64,
    /// Its depths.
    pub depths: &'static [usize],
}

/// The full form and the quick one.
pub const FORMS: [Form; 2] = [
    Form { tolerance: 0.1, confidence: 0.95, depths: &[2, 4, 8, 16] },
    Form { tolerance: 0.2, confidence: 0.9, depths: &[2, 4, 8] },
];
