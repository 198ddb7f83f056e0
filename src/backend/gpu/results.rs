//! Places of the results of `spectrum.wgsl`, named once for the host and for the shader.

/// Names the results of a seed once, for the host and for the shader; the last is how many there are.
macro_rules! results {
    ($($(#[$doc:meta])* $name:ident = $place:literal;)+) => {
        $($(#[$doc])* pub const $name: usize = $place;)+
        /// The same as constants of the shader.
        pub const RESULT_NAMES: &str =
            concat!($("const ", stringify!($name), ": u32 = ", stringify!($place), "u;\n",)+);
    };
}

results! {
    /// Least eigenvalue of K/n.
    LAMBDA_MIN = 0;
    /// Largest.
    LAMBDA_MAX = 1;
    /// Trace of K/n.
    TRACE = 2;
    /// Operator norm of K/n − K∞/n.
    DEVIATION_OP = 3;
    /// Frobenius norm of the same.
    DEVIATION_FRO = 4;
    /// Largest entry of the same.
    DEVIATION_MAX = 5;
    /// Results of a seed.
    RESULTS = 6;
}
