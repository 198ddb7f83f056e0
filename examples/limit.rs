//! The infinite-width limit K∞ of a ReLU network on three points, and its spectrum by depth. No random numbers, no
//! widths.

use eoc_ntk::data::DataSet;
use eoc_ntk::limit::Limit;
use eoc_ntk::math::activation::Activation;

/// Prints the kernel, row by row.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = DataSet::new(vec![1.0, 0.0, 0.6, 0.8, -0.8, 0.6], 2)?;
    let limit = Limit::new(&data, Activation::RELU, 4, 1.0);
    for row in limit.ntk().chunks(data.n()) {
        println!("{row:.4?}");
    }
    // K∞(x, x) is the depth times ‖x‖²/m_0 at every point: here 4 · 1/2.
    assert!((limit.ntk()[0] - 2.0).abs() < 1e-12);
    Ok(())
}
