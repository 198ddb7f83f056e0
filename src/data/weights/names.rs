//! Names of tensors: their parts, and the order in which people count them.

use std::cmp::Ordering;

/// A name in front of its last part, with the separator, and that part: `layers.0.` and `weight`, `Dense_0/` and
/// `kernel`.
pub(super) fn parts(name: &str) -> (&str, &str) {
    name.split_at(name.rfind(['.', '/']).map_or(0, |at| at + 1))
}

/// k of a name that is a letter and a number, such as `W3`.
pub(super) fn numbered(name: &str, letter: char) -> Option<usize> {
    name.strip_prefix(letter).filter(|k| k.bytes().all(|b| b.is_ascii_digit())).and_then(|k| k.parse().ok())
}

/// Natural order: numbers in names count as numbers, so that `layers.10` stands behind `layers.9`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    loop {
        match (a_rest.chars().next(), b_rest.chars().next()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let ((x, after_x), (y, after_y)) = (digits(a_rest), digits(b_rest));
                // Without leading zeros, a longer number is a larger one.
                let order = x.len().cmp(&y.len()).then(x.cmp(y));
                if order != Ordering::Equal {
                    return order;
                }
                (a_rest, b_rest) = (after_x, after_y);
            }
            (Some(x), Some(y)) if x == y => {
                (a_rest, b_rest) = (&a_rest[x.len_utf8()..], &b_rest[y.len_utf8()..]);
            }
            // Equal but for leading zeros.
            (None, None) => return a.cmp(b),
            (x, y) => return x.cmp(&y),
        }
    }
}

/// The digits at the front without leading zeros, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let sorted = [
            "0.weight",
            "2.weight",
            "10.weight",
            "100000000000000000000000.weight",
            "Dense_1/kernel",
            "Dense_2/kernel",
            "Dense_10/kernel",
            "fc",
            "fc1.weight",
            "fc02.weight",
            "fc2.weight",
            "fc10.weight",
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(natural(a, b), i.cmp(&j), "{a} {b}");
            }
        }
    }

    #[test]
    fn names_have_parts() {
        assert_eq!(parts("layers.0.weight"), ("layers.0.", "weight"));
        assert_eq!(parts("params/Dense_0/kernel"), ("params/Dense_0/", "kernel"));
        assert_eq!(parts("weight"), ("", "weight"));
        assert_eq!(
            ["W12", "W", "W1x", "w1", "W+1"].map(|name| numbered(name, 'W')),
            [Some(12), None, None, None, None]
        );
    }
}
