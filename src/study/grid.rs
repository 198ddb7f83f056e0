//! The product of a study's lists: every network, every data set.

use std::collections::HashMap;
use std::sync::Arc;

use super::cell::CellData;
use super::error::{Absent, MAX_CELLS, PlanError};
use super::spec::{Spec, Widths};
use crate::data::{DataSet, PointRange, Source};
use crate::math::activation::Activation;
use crate::model::{Network, Schedule, Shape};

/// A network of the grid, with the schedule and the number m that made its hidden widths.
pub type Named = (Network, Option<Schedule>, Option<u64>);

/// Values of a list; one where it is left open.
pub fn length<T>(list: &Option<Vec<T>>) -> u128 {
    list.as_ref().map_or(1, |l| l.len() as u128)
}

/// Refuses more cells than a study may have.
pub fn check_count(cells: u128) -> Result<(), PlanError> {
    if cells > MAX_CELLS as u128 { Err(PlanError::TooMany(cells)) } else { Ok(()) }
}

/// Every network of the grid, in order.
pub fn networks(spec: &Spec) -> Result<Vec<Named>, PlanError> {
    let activations: &[Activation] =
        spec.activation.as_deref().ok_or(PlanError::Missing(Absent::Activation))?;
    let shapes = shapes(spec)?;
    let total = activations.len() as u128 * shapes.iter().map(|s| s.len() as u128).sum::<u128>();
    check_count(total * length(&spec.outputs) * length(&spec.scale))?;
    let mut networks = Vec::new();
    for &activation in activations {
        for shapes in &shapes {
            for outputs in values(&spec.outputs) {
                for scale in values(&spec.scale) {
                    for shape in shapes {
                        networks.push(network(activation, &Shape { outputs, scale, ..shape.clone() })?);
                    }
                }
            }
        }
    }
    Ok(networks)
}

fn network(activation: Activation, shape: &Shape) -> Result<Named, PlanError> {
    let refused = |source| PlanError::Network { depth: shape.depth, source };
    let resolved = shape.resolve().map_err(refused)?;
    let hidden = resolved.hidden().map_err(refused)?.to_vec();
    let network =
        Network::new(activation, hidden, resolved.outputs).and_then(|n| n.with_scale(resolved.scale));
    Ok((network.map_err(|error| refused(error.into()))?, shape.schedule, shape.width))
}

/// The values of a list, or that it is left open.
fn values<T: Clone>(list: &Option<Vec<T>>) -> Vec<Option<T>> {
    list.as_ref().map_or_else(|| vec![None], |list| list.iter().cloned().map(Some).collect())
}

/// For every depth, or every list of widths, the shapes that differ in what else is said of the hidden widths.
fn shapes(spec: &Spec) -> Result<Vec<Vec<Shape>>, PlanError> {
    let (widths, lists) = match &spec.widths {
        Some(Widths::Scheduled(widths)) => (Some(widths.clone()), None),
        Some(Widths::Listed(lists)) => (None, Some(lists.clone())),
        None => (None, None),
    };
    if lists.is_none() && spec.depth.is_none() {
        return Err(PlanError::Missing(Absent::Depth));
    }
    let (depths, schedules) = (values(&spec.depth), values(&spec.schedule));
    let (widths, lists) = (values(&widths), values(&lists));
    check_count(
        [depths.len(), schedules.len(), widths.len(), lists.len()].map(|n| n as u128).iter().product(),
    )?;
    // Beside deeper networks, one without a hidden layer has no use for what makes their widths.
    let deep = depths.iter().any(|depth| *depth != Some(1));
    let mut all = Vec::new();
    for list in lists {
        // A depth beside a list says nothing more; each must agree.
        let mut same = Vec::new();
        for &depth in &depths {
            if depth == Some(1) && deep && list.is_none() && widths[0].is_some() {
                all.push(vec![Shape { depth, ..Shape::default() }]);
                continue;
            }
            let mut here = Vec::new();
            for &schedule in &schedules {
                for &width in &widths {
                    let shape = Shape { depth, schedule, width, widths: list.clone(), ..Shape::default() };
                    shape.resolve().map_err(|source| PlanError::Network { depth, source })?;
                    here.push(shape);
                }
            }
            if list.is_some() { same = here } else { all.push(here) }
        }
        if !same.is_empty() {
            all.push(same);
        }
    }
    Ok(all)
}

/// The data sets of the grid, in order; a source is loaded once.
pub fn data(spec: &Spec, sources: &[Source]) -> Result<Vec<Arc<CellData>>, PlanError> {
    let mut sets = Vec::new();
    let mut loaded: HashMap<String, DataSet> = HashMap::new();
    let selections: Vec<Option<&PointRange>> = match &spec.points {
        None => vec![None],
        Some(points) => points.iter().map(Some).collect(),
    };
    for source in sources {
        let label = source.to_string();
        let fail = |error| PlanError::Data { label: label.clone(), source: error };
        let all = match loaded.get(&label) {
            Some(all) => all.clone(),
            None => source.load().map_err(fail)?,
        };
        loaded.insert(label.clone(), all.clone());
        for points in &selections {
            for constant in values(&spec.append_constant) {
                let raw = all.prepared(*points, constant).map_err(fail)?;
                let rules = spec.normalize.clone().unwrap_or_else(|| vec![source.default_normalize()]);
                for normalize in rules {
                    let (points, hash) = (raw.clone().normalized(normalize), raw.hash());
                    sets.push(Arc::new(CellData::new(points, normalize, hash)));
                }
            }
        }
    }
    Ok(sets)
}
