//! Counts and sizes in sentences: `1 point`, `3 points`, `12 MiB`.

/// A count with its unit, such as `1 seed`, `3 seeds`, `2 directories`. The unit is given as of one.
pub fn counted(count: impl TryInto<u128>, one: &str) -> String {
    // Only what is below zero is no u128, and no count is.
    match (count.try_into().unwrap_or_default(), one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (count, Some(stem)) => format!("{count} {stem}ies"),
        (count, None) => format!("{count} {one}s"),
    }
}

/// A count with its verb, such as `1 sample is`, `3 samples are`.
pub fn are(count: impl TryInto<u128>, one: &str) -> String {
    let count = count.try_into().unwrap_or_default();
    format!("{} {}", counted(count, one), if count == 1 { "is" } else { "are" })
}

/// Bytes as `512 B`, `3 KiB`, `12 MiB`, `1.5 GiB` up to EiB: never `0` of a unit that is too large.
pub fn bytes(bytes: impl Into<u128>) -> String {
    let bytes: u128 = bytes.into();
    let in_units_of = |power: i32| bytes as f64 / 1024f64.powi(power);
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{:.0} KiB", in_units_of(1).ceil()),
        0x10_0000..0x4000_0000 => format!("{:.0} MiB", in_units_of(2)),
        0x4000_0000..0x100_0000_0000 => format!("{:.1} GiB", in_units_of(3)),
        0x100_0000_0000..0x4_0000_0000_0000 => format!("{:.1} TiB", in_units_of(4)),
        0x4_0000_0000_0000..0x1000_0000_0000_0000 => format!("{:.1} PiB", in_units_of(5)),
        _ => format!("{:.1} EiB", in_units_of(6)),
    }
}

/// Two sizes that differ, in units that tell them apart.
pub fn apart(one: u128, other: u128) -> [String; 2] {
    let [short, long] = [[one, other].map(bytes), [one, other].map(|size| format!("{size} B"))];
    if short[0] == short[1] { long } else { short }
}

/// A number in a sentence: whole ones in full where that is short, others with four digits.
pub fn short(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 { value.to_string() } else { format!("{value:.3e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_have_the_unit_that_fits() {
        let sizes = [
            0u64,
            1023,
            1024,
            1025,
            (1 << 20) - 1,
            3 << 20,
            (1 << 30) - 1,
            3 << 29,
            3 << 40,
            3 << 50,
            3 << 60,
        ]
        .map(bytes);
        assert_eq!(
            sizes,
            [
                "0 B", "1023 B", "1 KiB", "2 KiB", "1024 KiB", "3 MiB", "1024 MiB", "1.5 GiB", "3.0 TiB",
                "3.0 PiB", "3.0 EiB"
            ]
            .map(str::to_owned)
        );
        assert_eq!(apart(3 << 20, 1 << 20), ["3 MiB", "1 MiB"].map(str::to_owned));
        assert_eq!(apart(1_095_328, 1_048_576), ["1095328 B", "1048576 B"].map(str::to_owned));
        let counts = [
            counted(0u64, "seed"),
            counted(1usize, "cell"),
            counted(2u8, "directory"),
            counted(1u64, "entry"),
        ];
        assert_eq!(counts, ["0 seeds", "1 cell", "2 directories", "1 entry"].map(str::to_owned));
        assert_eq!([64.0, 0.790123, 1e12].map(short), ["64", "7.901e-1", "1.000e12"].map(str::to_owned));
        assert_eq!([are(1u8, "row"), are(2u8, "row")], ["1 row is", "2 rows are"].map(str::to_owned));
    }
}
