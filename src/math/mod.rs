//! Pure mathematics in f64: nothing here knows a network, a device, a file or a clock.

pub mod activation;
pub mod double;
pub mod linalg;
pub mod root;
