//! Numbers with units, as people read them.

/// Seconds as `0.8 s`, `35 s`, `12 min`, `3.4 h`, `5.2 d`.
pub fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 && s.fract() != 0.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.1} h", s / 3600.0),
        s => format!("{:.1} d", s / 86_400.0),
    }
}

/// Bytes as `512 B`, `3 KiB`, `12 MiB` or `1.5 GiB`: never `0` of a unit that is too large.
pub fn bytes(bytes: u64) -> String {
    let in_units_of = |power: u32| bytes as f64 / f64::from(1 << power);
    match bytes {
        ..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{:.0} KiB", in_units_of(10).ceil()),
        0x10_0000..0x4000_0000 => format!("{:.0} MiB", in_units_of(20)),
        _ => format!("{:.1} GiB", in_units_of(30)),
    }
}

/// A count with its unit, such as `1 seed`, `3 seeds`, `2 directories`.
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

/// A time of day in UTC, from seconds since 1970.
pub fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Eras of 400 years that begin in March, so that a leap day ends its year (H. Hinnant, "days_from_civil").
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    let year = year + era * 400;
    format!("{year:04}-{month:02}-{of_month:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_by_hand() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(utc(1_798_761_600), "2027-01-01T00:00:00Z");
        assert_eq!(
            (duration(0.84), duration(60.0), duration(7200.0)),
            ("0.8 s".into(), "60 s".into(), "2.0 h".into())
        );
        assert_eq!((duration(2.0), duration(120.0)), ("2 s".into(), "2 min".into()));
    }

    #[test]
    fn sizes_and_counts_have_the_unit_that_fits() {
        let sizes = [0, 1023, 1024, 1025, (1 << 20) - 1, 3 << 20, (1 << 30) - 1, 3 << 29].map(bytes);
        assert_eq!(
            sizes,
            ["0 B", "1023 B", "1 KiB", "2 KiB", "1024 KiB", "3 MiB", "1024 MiB", "1.5 GiB"]
                .map(str::to_owned)
        );
        let counts = [
            counted(0u64, "seed"),
            counted(1usize, "cell"),
            counted(2u8, "directory"),
            counted(1u64, "entry"),
        ];
        assert_eq!(counts, ["0 seeds", "1 cell", "2 directories", "1 entry"].map(str::to_owned));
    }
}
