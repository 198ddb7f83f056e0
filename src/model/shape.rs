//! What is said of a network, by options or by a file, and whether it is one.
//!
//! The one place where depth, width, widths and schedule are held against each other. Who asks words the refusal in the
//! terms that its user typed; the texts here are those of a study file.

use super::network::{NetworkError, check_depth, check_outputs, check_scale};
use super::schedule::Schedule;
use super::width::{WidthError, commas};
use crate::units::counted;

/// What is said of a network besides its activation; what is not said is left open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// l, the number of weight matrices.
    pub depth: Option<usize>,
    /// m, of which the schedule makes the hidden widths.
    pub width: Option<u64>,
    /// How it makes them; [`Schedule::Constant`] unless said.
    pub schedule: Option<Schedule>,
    /// The hidden widths themselves.
    pub widths: Option<Vec<u64>>,
    /// m_l; 1 unless said.
    pub outputs: Option<usize>,
    /// Constant in front of K and K∞; 1 unless said.
    pub scale: Option<f64>,
}

/// A network without its activation, whose hidden widths may still be open.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// l.
    pub depth: usize,
    /// m_1 … m_{l−1}, where they were said; at depth 1 there are none, and none to say.
    pub hidden: Option<Vec<u64>>,
    /// m_l.
    pub outputs: usize,
    /// Constant in front of K and K∞.
    pub scale: f64,
}

/// Why what is said of a network makes none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ShapeError {
    /// Neither a depth nor a list of widths, which would say it.
    #[error("the depth, the number of weight matrices, is missing")]
    NoDepth,
    /// Hidden widths are needed and open.
    #[error("depth {depth} needs a width, or widths with {}", counted(depth - 1, "hidden width"))]
    NoWidths {
        /// l.
        depth: usize,
    },
    /// Both ways to say the hidden widths at once.
    #[error("width and widths exclude each other; keep one of them")]
    Both,
    /// A width where there is no hidden layer.
    #[error("{} has no meaning at depth 1, which has no hidden layer; leave it out", if *listed { "widths" } else { "width" })]
    NoHiddenLayer {
        /// Whether the widths were listed.
        listed: bool,
    },
    /// A list that is not as long as the depth says.
    #[error(
        "widths \"{}\" lists {}, but depth {depth} has {}; make them agree or leave out depth",
        commas(widths),
        counted(widths.len(), "hidden width"),
        counted(depth - 1, "hidden layer")
    )]
    Disagree {
        /// The list.
        widths: Vec<u64>,
        /// l.
        depth: usize,
    },
    /// A schedule without the number it makes widths of.
    #[error("schedule needs a width m, of which it makes the width of every hidden layer")]
    ScheduleAlone,
    /// A schedule beside a list, which leaves nothing to be made.
    #[error("schedule goes with width, not with widths, which lists every hidden layer; leave it out")]
    ScheduleOfList,
    /// A value that no network has.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl From<WidthError> for ShapeError {
    fn from(error: WidthError) -> Self {
        Self::Network(error.into())
    }
}

impl Shape {
    /// The network, with its hidden widths open where nothing says them.
    pub fn resolve(&self) -> Result<Resolved, ShapeError> {
        if let Some(depth) = self.depth {
            check_depth(depth)?;
        }
        let listed = self.widths.as_ref();
        let depth = match (self.depth, listed) {
            (_, Some(_)) if self.width.is_some() => return Err(ShapeError::Both),
            (_, Some(_)) if self.schedule.is_some() => return Err(ShapeError::ScheduleOfList),
            (None, None) => return Err(ShapeError::NoDepth),
            (Some(depth), None) => depth,
            (None, Some(widths)) => widths.len() + 1,
            (Some(1), Some(_)) => return Err(ShapeError::NoHiddenLayer { listed: true }),
            (Some(depth), Some(widths)) if widths.len() + 1 == depth => depth,
            (Some(depth), Some(widths)) => {
                return Err(ShapeError::Disagree { widths: widths.clone(), depth });
            }
        };
        check_depth(depth)?;
        let hidden = match (listed, self.width) {
            (Some(widths), _) => Some(widths.clone()),
            (None, Some(_)) if depth == 1 => return Err(ShapeError::NoHiddenLayer { listed: false }),
            (None, Some(m)) => Some(self.schedule.unwrap_or(Schedule::Constant).widths(m, depth)?),
            (None, None) if self.schedule.is_some() => return Err(ShapeError::ScheduleAlone),
            (None, None) if depth == 1 => Some(Vec::new()),
            (None, None) => None,
        };
        let (outputs, scale) = (self.outputs.unwrap_or(1), self.scale.unwrap_or(1.0));
        check_outputs(outputs)?;
        check_scale(scale)?;
        Ok(Resolved { depth, hidden, outputs, scale })
    }
}

impl Resolved {
    /// m_1 … m_{l−1}; refuses where they are open.
    pub fn hidden(&self) -> Result<&[u64], ShapeError> {
        self.hidden.as_deref().ok_or(ShapeError::NoWidths { depth: self.depth })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(depth: Option<usize>, width: Option<u64>, widths: Option<&[u64]>) -> Shape {
        Shape { depth, width, widths: widths.map(<[u64]>::to_vec), ..Shape::default() }
    }

    #[test]
    fn widths_are_made_listed_or_open() {
        let hidden = |shape: Shape| shape.resolve().unwrap().hidden;
        assert_eq!(hidden(of(Some(3), Some(5), None)), Some(vec![5, 5]));
        let linear = Shape { schedule: Some(Schedule::Linear), ..of(Some(3), Some(5), None) };
        assert_eq!(hidden(linear), Some(vec![5, 10]));
        assert_eq!(hidden(of(None, None, Some(&[7, 3]))), Some(vec![7, 3]));
        assert_eq!(hidden(of(Some(3), None, Some(&[7, 3]))), Some(vec![7, 3]));
        assert_eq!(hidden(of(Some(1), None, None)), Some(Vec::new()));
        let open = of(Some(4), None, None).resolve().unwrap();
        assert_eq!((open.depth, open.outputs, open.scale, open.hidden.as_deref()), (4, 1, 1.0, None));
        assert_eq!(open.hidden(), Err(ShapeError::NoWidths { depth: 4 }));
    }

    #[test]
    fn refuses_what_contradicts_itself_or_no_network_has() {
        let linear = Some(Schedule::Linear);
        let check = |shape: Shape, error: ShapeError| assert_eq!(shape.resolve(), Err(error));
        check(of(None, None, None), ShapeError::NoDepth);
        check(of(None, Some(3), None), ShapeError::NoDepth);
        check(of(None, Some(3), Some(&[3])), ShapeError::Both);
        check(of(Some(1), Some(3), None), ShapeError::NoHiddenLayer { listed: false });
        check(of(Some(1), None, Some(&[3])), ShapeError::NoHiddenLayer { listed: true });
        check(of(Some(4), None, Some(&[3])), ShapeError::Disagree { widths: vec![3], depth: 4 });
        check(Shape { schedule: linear, ..of(Some(1), None, None) }, ShapeError::ScheduleAlone);
        check(Shape { schedule: linear, ..of(None, None, Some(&[3])) }, ShapeError::ScheduleOfList);
        check(of(Some(0), None, None), NetworkError::Depth(0).into());
        check(of(Some(2), Some(0), None), WidthError::OutOfRange { layer: 1, width: 0 }.into());
        check(Shape { outputs: Some(0), ..of(Some(1), None, None) }, NetworkError::Outputs(0).into());
        check(Shape { scale: Some(-1.0), ..of(Some(1), None, None) }, NetworkError::Scale(-1.0).into());
    }
}
