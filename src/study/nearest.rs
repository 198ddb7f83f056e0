//! The known key that an unknown one was meant to be.

/// The known word that is a slip or two away; short words have too many neighbours for two.
pub fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let slips = if word.chars().count() < 4 { 1 } else { 2 };
    let best = known.iter().map(|known| (distance(word, known), *known)).min();
    best.filter(|(distance, _)| *distance <= slips).map(|(_, known)| known)
}

/// Levenshtein distance: least number of letters to insert, delete or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_between_words() {
        for (a, b, d) in
            [("", "abc", 3), ("width", "widths", 1), ("depht", "depth", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (d, d));
        }
    }
}
