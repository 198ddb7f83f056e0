//! The figure of a time against one size.

use std::io;

use super::chart::{Chart, Dot, Look, Scale, Series};
use super::figure::Figure;

/// Times of one sampler.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// The sampler.
    pub name: String,
    /// The power of the size that its time grows with.
    pub slope: f64,
    /// And the one that the count of its operations grows with.
    pub expected: f64,
    /// Size; median, least and greatest seconds; and what the count says, in a unit of its own.
    pub points: Vec<(f64, [f64; 3], f64)>,
}

/// Median seconds against the size on two logarithmic axes, with what the count says drawn through the largest size;
/// None where nothing was timed. `size` and `unit` are what the axes are, `of` what was timed.
pub fn scaling_figure(timed: &[Timed], size: &str, unit: &str, of: &str) -> io::Result<Option<Figure>> {
    let mut series = Vec::new();
    for (colour, one) in timed.iter().enumerate() {
        let dot = |(x, [median, least, greatest], _): &(f64, [f64; 3], f64)| Dot {
            x: *x,
            y: *median,
            low: Some(*least),
            high: Some(*greatest),
            ..Dot::default()
        };
        let label = format!("{}: slope {:.2}", one.name, one.slope);
        let dots = one.points.iter().map(dot).collect();
        series.push(Series { label, look: Look::Measured, colour, named: true, dots });
        let Some((_, [last, ..], most)) = one.points.last() else { continue };
        let dots =
            one.points.iter().map(|(x, _, count)| Dot { x: *x, y: count / most * last, ..Dot::default() });
        let label = format!("{}: the count, slope {:.2}, through the last time", one.name, one.expected);
        series.push(Series { label, look: Look::Theory, colour, named: true, dots: dots.collect() });
    }
    let about = "Median time over rounds. Error bars: least and greatest round. Dashed: the count of operations, \
                 deviates and factorisations, in the unit that makes it meet the last time.";
    let chart = Chart {
        name: "",
        title: "time against size".to_owned(),
        of: of.to_owned(),
        about: about.to_owned(),
        note: "error bars: least and greatest round".to_owned(),
        x: Scale::log(size),
        y: Scale::log(unit),
        series,
        marks: Vec::new(),
    };
    chart.drawable().map(Chart::figure).transpose()
}

/// Rows of text as CSV.
pub fn comma_separated(head: &[&str], rows: &[Vec<String>]) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(head)?;
    for row in rows {
        out.write_record(row)?;
    }
    out.into_inner().map_err(|error| error.into_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_meets_the_last_time() {
        let points = vec![(2.0, [0.3, 0.2, 0.4], 10.0), (4.0, [1.0, 0.9, 1.5], 40.0)];
        let timed = [Timed { name: "direct".into(), slope: 1.74, expected: 2.0, points }];
        let figure = scaling_figure(&timed, "m (neurons)", "seconds a seed", "cpu").unwrap().unwrap();
        let csv = String::from_utf8(figure.csv).unwrap();
        let rows: Vec<&str> = csv.lines().skip(1).map(|line| line.trim_end_matches(',')).collect();
        assert_eq!(
            rows[..2],
            ["direct: slope 1.74,measured,2,0.3,0.2,0.4", "direct: slope 1.74,measured,4,1,0.9,1.5"]
        );
        let count = "\"direct: the count, slope 2.00, through the last time\",theory";
        assert_eq!(rows[2..], [format!("{count},2,0.25"), format!("{count},4,1")]);
        for part in ["m (neurons)", "seconds a seed", "slope 1.74"] {
            assert!(figure.svg.contains(part), "{part}");
        }
        assert_eq!(scaling_figure(&[], "m", "s", "").unwrap(), None);
    }

    #[test]
    fn every_count_has_the_colour_of_its_times_in_the_legend() {
        let of = |name: &str| {
            let points = vec![(2.0, [0.3, 0.2, 0.4], 10.0), (4.0, [1.0, 0.9, 1.5], 40.0)];
            Timed { name: name.into(), slope: 1.0, expected: 1.0, points }
        };
        let figure = scaling_figure(&[of("direct"), of("conditional")], "m", "s", "cpu").unwrap().unwrap();
        for svg in [figure.svg, figure.narrow] {
            let keys: Vec<&str> =
                svg.split('<').filter(|tag| tag.starts_with("line ") && tag.contains("\"7 4\"")).collect();
            let colour = |key: &str| key.split("stroke=\"").nth(1).map(|rest| rest[..7].to_owned());
            let colours: Vec<Option<String>> = keys.iter().map(|key| colour(key)).collect();
            assert_eq!(colours, ["#0072b2", "#d55e00"].map(|c| Some(c.to_owned())), "{keys:?}");
        }
    }
}
