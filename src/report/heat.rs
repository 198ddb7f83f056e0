//! Heat maps of a kernel: K(θ) of one network, K∞, their difference, and the spread of every entry over networks.

use std::io;
use std::sync::Arc;

use kuva::plot::{ColorMap, Heatmap};
use kuva::prelude::{Layout, Plot, TickFormat};
use kuva::render::figure::Figure as Panels;

use super::figure::Figure;
use super::layout::shortened;
use super::ticks::tick;
use crate::units::counted;

/// Rows of a kernel that are drawn at most: more are no wider than a hair, and each is as many rectangles.
const ROWS: usize = 64;
/// Rows up to which each has its number.
const NUMBERED: usize = 16;
/// Width and height of a panel.
const PANEL: (f64, f64) = (400.0, 350.0);

/// What is drawn of one cell, matrices as they are in files: plain entries, point-major over outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Kernels<'a> {
    /// Which networks on which data, in words.
    pub of: String,
    /// Rows of each matrix, n·m_l.
    pub rows: usize,
    /// The seed of the network that is drawn.
    pub seed: u64,
    /// Its kernel.
    pub kernel: &'a [f64],
    /// K∞, of all outputs.
    pub limit: &'a [f64],
    /// The standard deviation of every entry over networks; None of a single one.
    pub deviation: Option<&'a [f64]>,
    /// How many networks that is of.
    pub seeds: u64,
}

impl Kernels<'_> {
    /// Rows that are drawn.
    fn shown(&self) -> usize {
        self.rows.min(ROWS)
    }

    /// The part of a matrix that is drawn, row by row.
    fn part(&self, of: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
        let row = |i: usize| (0..self.shown()).map(|j| of(i * self.rows + j)).collect();
        (0..self.shown()).map(row).collect()
    }

    /// The heat maps side by side, and the same entries as CSV: rows and columns from 1.
    pub fn figure(&self) -> io::Result<Figure> {
        let [kernel, limit] = [self.kernel, self.limit].map(|matrix| self.part(|at| matrix[at]));
        let difference = self.part(|at| self.kernel[at] - self.limit[at]);
        let both = range(kernel.iter().chain(&limit).flatten());
        // Equally far on both sides, so that the middle colour is 0.
        let far = difference.iter().flatten().fold(0.0f64, |far, v| far.max(v.abs()));
        let mut panels = vec![
            panel(&format!("K(θ) of seed {}", self.seed), &kernel, ColorMap::Viridis, both),
            panel("K∞, on the same scale", &limit, ColorMap::Viridis, both),
            panel("K(θ) − K∞", &difference, ColorMap::PurpleOrange, (-far, far)),
        ];
        if let Some(deviation) = self.deviation {
            let deviation = self.part(|at| deviation[at]);
            let title = format!("s.d. of each entry over {}", crate::units::counted(self.seeds, "seed"));
            panels.push(panel(
                &title,
                &deviation,
                ColorMap::Viridis,
                (0.0, range(deviation.iter().flatten()).1),
            ));
        }
        let title = shortened(&self.of, 84);
        let rows = panels.len().div_ceil(2);
        let (plots, layouts) = panels.into_iter().unzip();
        let scene = Panels::new(rows, 2)
            .with_plots(plots)
            .with_layouts(layouts)
            .with_cell_size(PANEL.0, PANEL.1)
            .with_title(title.clone())
            .with_title_size(15)
            .render();
        let part = match self.rows {
            rows if rows > ROWS => format!(" The first {ROWS} of {} and columns.", counted(rows, "row")),
            _ => String::new(),
        };
        let about = format!(
            "The kernel of one network, its limit on the same scale, their difference, and the standard deviation of \
             every entry over networks; rows and columns are points, with several outputs all outputs of a point after \
             each other.{part}"
        );
        Ok(Figure {
            name: "kernel",
            title,
            about,
            svg: super::svg::text(&scene),
            narrow: String::new(),
            csv: self.csv()?,
        })
    }

    fn csv(&self) -> io::Result<Vec<u8>> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["row", "column", "kernel", "limit", "difference", "deviation"])?;
        for (i, j) in (0..self.shown()).flat_map(|i| (0..self.shown()).map(move |j| (i, j))) {
            let at = i * self.rows + j;
            let (kernel, limit) = (self.kernel[at], self.limit[at]);
            let deviation = self.deviation.map_or(String::new(), |d| d[at].to_string());
            let numbers = [kernel, limit, kernel - limit].map(|v| v.to_string());
            let place = [i + 1, j + 1].map(|v| v.to_string());
            csv.write_record(place.iter().chain(&numbers).chain([&deviation]))?;
        }
        csv.into_inner().map_err(|e| io::Error::other(e.to_string()))
    }
}

fn range<'v>(values: impl Iterator<Item = &'v f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)))
}

/// A matrix as it is written, the first row above; colours from `low` to `high`, whatever its own numbers reach.
fn panel(
    title: &str,
    matrix: &[Vec<f64>],
    colours: ColorMap,
    (low, high): (f64, f64),
) -> (Vec<Plot>, Layout) {
    let own = range(matrix.iter().flatten());
    let colour = move |t: f64| {
        let value = own.0 + t * (own.1 - own.0);
        let place = if high > low { (value - low) / (high - low) } else { 0.5 };
        colours.map(place.clamp(0.0, 1.0))
    };
    // The renderer's first row is the lowest.
    let data: Vec<Vec<f64>> = matrix.iter().rev().cloned().collect();
    let numbers = |i: usize| match matrix.len() {
        rows if rows <= NUMBERED || i == 1 || i.is_multiple_of(rows / 8) => i.to_string(),
        _ => String::new(),
    };
    let across: Vec<String> = (1..=matrix.len()).map(numbers).collect();
    let up: Vec<String> = across.iter().rev().cloned().collect();
    let plot =
        Heatmap::new().with_data(data).with_color_map(ColorMap::Custom(Arc::new(colour))).with_cell_size(1.0);
    let plots = vec![Plot::Heatmap(plot)];
    let layout = Layout::auto_from_plots(&plots)
        .with_title(title)
        .with_title_size(13)
        .with_tick_size(11)
        .with_body_size(11)
        .with_x_categories(across)
        .with_y_categories(up)
        .with_colorbar_tick_format(TickFormat::Custom(Arc::new(tick)));
    (plots, layout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_matrices() {
        let (kernel, limit) = ([4.0, 1.0, 1.0, 5.0], [4.5, 1.25, 1.25, 4.5]);
        let deviation = [0.5, 0.25, 0.25, 0.5];
        let all = Kernels {
            of: "a <network>".into(),
            rows: 2,
            seed: 7,
            kernel: &kernel,
            limit: &limit,
            deviation: Some(&deviation),
            seeds: 3,
        };
        let figure = all.figure().unwrap();
        for said in
            ["a &lt;network&gt;", "K(θ) of seed 7", "K∞, on the same scale", "K(θ) − K∞", "over 3 seeds"]
        {
            assert!(figure.svg.contains(said), "{said}");
        }
        let csv = String::from_utf8(figure.csv).unwrap();
        let rows: Vec<&str> = csv.lines().collect();
        assert_eq!(
            rows[1..],
            ["1,1,4,4.5,-0.5,0.5", "1,2,1,1.25,-0.25,0.25", "2,1,1,1.25,-0.25,0.25", "2,2,5,4.5,0.5,0.5"]
        );
        // Colours: both of the first two matrices are within 1 … 5, and the limit reaches neither end.
        let colour = |v: f64| ColorMap::Viridis.map((v - 1.0) / 4.0);
        for v in [1.0, 1.25, 4.5, 5.0] {
            assert!(figure.svg.contains(&colour(v)), "{v} is {}", colour(v));
        }
        let one = Kernels { deviation: None, seeds: 1, ..all };
        assert!(!one.figure().unwrap().svg.contains("s.d."));
    }

    #[test]
    fn large_kernels_are_cut_and_equal_entries_have_a_colour() {
        let matrix = vec![1.0; 70 * 70];
        let all = Kernels {
            of: String::new(),
            rows: 70,
            seed: 0,
            kernel: &matrix,
            limit: &matrix,
            deviation: None,
            seeds: 1,
        };
        let figure = all.figure().unwrap();
        assert!(figure.about.ends_with("The first 64 of 70 rows and columns."), "{}", figure.about);
        assert_eq!(figure.csv.iter().filter(|b| **b == b'\n').count(), 1 + 64 * 64);
        assert!(!figure.svg.contains("NaN"));
    }
}
