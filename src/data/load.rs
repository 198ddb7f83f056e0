//! From a source to its points.

use std::path::Path;

use super::{DataError, DataSet, Source, generate, read};

impl Source {
    /// The points as they come: not yet selected, not yet normalised, labelled with the text of the source.
    ///
    /// Refuses files that cannot be read or are malformed, and points that are no [`DataSet`].
    pub fn load(&self) -> Result<DataSet, DataError> {
        let (values, dim) = match self {
            Self::File { path, key } => return from_file(path, key.as_deref(), self),
            Self::Digits { n } => generate::digits(*n)?,
            Self::Sphere { n, dim, seed } => (generate::sphere(*n, *dim, *seed)?, *dim),
            Self::Gaussian { n, dim, seed } => (generate::gaussian(*n, *dim, *seed)?, *dim),
            Self::Pair { angle } => (generate::pair(*angle), 2),
        };
        Ok(DataSet::new(values, dim)?.with_label(self.to_string()))
    }
}

fn from_file(path: &Path, key: Option<&str>, source: &Source) -> Result<DataSet, DataError> {
    let table = read::table(path, key)?;
    let set = DataSet::new(table.values, table.columns)
        .map_err(|source| DataError::InFile { path: path.to_owned(), source: Box::new(source) })?;
    Ok(set.with_label(source.to_string()).of_file(table.notes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Normalize, PointRange};

    fn load(text: &str) -> DataSet {
        text.parse::<Source>().unwrap().load().unwrap()
    }

    #[test]
    fn digits_are_the_published_pixels_without_labels() {
        let digits = load("digits:n=1797");
        assert_eq!((digits.n(), digits.dim()), (1797, 64));
        assert_eq!(digits.row(0)[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        // Sum of all pixels of the published file.
        assert_eq!(digits.values().iter().sum::<f64>(), 561_718.0);
        assert_eq!(load("digits:n=3").values(), &digits.values()[..3 * 64]);
    }

    #[test]
    fn generated_sets_are_prefixes_of_one_stream() {
        let sphere = load("sphere:n=5,dim=3,seed=7");
        for i in 0..5 {
            let norm = sphere.row(i).iter().map(|v| v * v).sum::<f64>().sqrt();
            assert!((norm - 3f64.sqrt()).abs() < 1e-15);
        }
        assert_eq!(load("sphere:n=2,dim=3,seed=7").values(), &sphere.values()[..6]);
        let gaussian = load("gaussian:n=2000,dim=2,seed=1");
        let mean = gaussian.values().iter().sum::<f64>() / 4000.0;
        let square = gaussian.values().iter().map(|v| v * v).sum::<f64>() / 4000.0;
        // Five standard errors of 4000 draws: 5/√4000 and 5·√(2/4000).
        assert!(mean.abs() < 0.08 && (square - 1.0).abs() < 0.112, "{mean} {square}");
        assert_ne!(gaussian.hash(), load("gaussian:n=2000,dim=2,seed=2").hash());
    }

    #[test]
    fn pair_has_its_angle() {
        let pair = load("pair:angle=1e-6");
        let d: f64 = (0..2).map(|j| (pair.row(0)[j] - pair.row(1)[j]).powi(2)).sum::<f64>() / 4.0;
        // δ = 1 − cos(1e−6) = 5e−13·(1 − 8e−14).
        assert!((d / 5e-13 - 1.0).abs() < 1e-9);
        assert!((pair.row(1)[0].hypot(pair.row(1)[1]) - 2f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn selection_and_normalisation_keep_rows() {
        let digits = load("digits:n=10");
        let part = digits.select(&PointRange::new(3..5).unwrap()).unwrap();
        assert_eq!(part.values(), &digits.values()[3 * 64..5 * 64]);
        assert_eq!(part.label(), "digits:n=10[3..5]");
        assert_eq!(
            part.select(&"3".parse().unwrap()).unwrap_err().to_string(),
            "points 0..3 reach beyond the 2 rows of digits:n=10[3..5]; rows are numbered from 0"
        );
        let sphere = part.clone().normalized(Normalize::Sphere);
        let norm = sphere.row(1).iter().map(|v| v * v).sum::<f64>().sqrt();
        assert!((norm - 8.0).abs() < 1e-14);
        assert_eq!(sphere.given_row(1), part.row(1));
        assert_ne!(sphere.hash(), part.hash());
        assert_eq!(part.clone().normalized(Normalize::None), part);
    }
}
