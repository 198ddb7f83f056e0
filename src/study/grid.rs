//! The product of a study's lists: every network, every data set.

use std::collections::HashMap;
use std::sync::Arc;

use super::plan::{CellData, MAX_CELLS, PlanError};
use super::spec::{Spec, Widths, commas};
use crate::data::{DataSet, PointRange, Source};
use crate::math::activation::Activation;
use crate::model::{Network, NetworkError, Schedule, check_depth};

/// A network of the grid, with the schedule and the number m that made its hidden widths.
pub type Named = (Network, Option<Schedule>, Option<u64>);

/// Hidden widths of one network of the grid, with the schedule and the number m that made them.
type Shape = (Option<Schedule>, Option<u64>, Vec<u64>);

/// Something that has no default was not given.
pub fn missing(what: &'static str, how: &'static str) -> PlanError {
    PlanError::Missing { what, how }
}

/// Values of a list; one where it is left open.
pub fn length<T>(list: &Option<Vec<T>>) -> u128 {
    list.as_ref().map_or(1, |l| l.len() as u128)
}

/// Every network of the grid, in order.
pub fn networks(spec: &Spec) -> Result<Vec<Named>, PlanError> {
    let activations: &[Activation] = spec
        .activation
        .as_deref()
        .ok_or(missing("activation", "--activation, or activation = \"abs\" under [network]"))?;
    let shapes = shapes(spec)?;
    let total = activations.len() as u128 * shapes.iter().map(|(_, s)| s.len() as u128).sum::<u128>();
    let total = total * length(&spec.outputs) * length(&spec.scale);
    if total > MAX_CELLS as u128 {
        return Err(PlanError::TooMany(total));
    }
    let mut networks = Vec::new();
    for &activation in activations {
        for (depth, shapes) in &shapes {
            for &outputs in spec.outputs.iter().flatten() {
                for &scale in spec.scale.iter().flatten() {
                    for (schedule, width, hidden) in shapes {
                        let network = Network::new(activation, hidden.clone(), outputs)
                            .and_then(|n| n.with_scale(scale))
                            .map_err(|source| PlanError::Network { depth: *depth, source })?;
                        networks.push((network, *schedule, *width));
                    }
                }
            }
        }
    }
    Ok(networks)
}

/// For every depth, the lists of hidden widths.
fn shapes(spec: &Spec) -> Result<Vec<(usize, Vec<Shape>)>, PlanError> {
    let lists = match &spec.widths {
        Some(Widths::Listed(lists)) => return listed(spec, lists),
        Some(Widths::Scheduled(widths)) => widths.as_slice(),
        None => &[],
    };
    let depths = spec.depth.as_deref();
    let depths =
        depths.ok_or(missing("depth", "--depth, or depth = 4 under [network]; or list the widths"))?;
    let schedules = spec.schedule.as_deref().unwrap_or(&[]);
    if depths.iter().all(|&depth| depth == 1) && spec.widths.is_some() {
        let reason = "width has no meaning at depth 1, which has no hidden layer; leave it out";
        return Err(PlanError::Conflict(reason.to_owned()));
    }
    if spec.widths.is_none() && spec.schedule.is_some() {
        let reason = "schedule needs a width m, of which it makes the width of every hidden layer";
        return Err(PlanError::Conflict(reason.to_owned()));
    }
    let count = depths.len() as u128 * lists.len().max(1) as u128 * schedules.len().max(1) as u128;
    if count > MAX_CELLS as u128 {
        return Err(PlanError::TooMany(count));
    }
    let mut shapes = Vec::new();
    for &depth in depths {
        check_depth(depth).map_err(|source| PlanError::Network { depth, source })?;
        if depth == 1 {
            shapes.push((1, vec![(None, None, Vec::new())]));
            continue;
        }
        if lists.is_empty() {
            return Err(missing(
                "width",
                "--width or --widths, or width = 256 under [network], for depths above 1",
            ));
        }
        let mut here = Vec::new();
        for &schedule in schedules {
            for &m in lists {
                let hidden = schedule.widths(m, depth);
                let hidden =
                    hidden.map_err(|e| PlanError::Network { depth, source: NetworkError::Width(e) })?;
                here.push((Some(schedule), Some(m), hidden));
            }
        }
        shapes.push((depth, here));
    }
    Ok(shapes)
}

/// Widths that were listed layer by layer; a depth beside them must agree with each.
fn listed(spec: &Spec, lists: &[Vec<u64>]) -> Result<Vec<(usize, Vec<Shape>)>, PlanError> {
    if spec.schedule.is_some() {
        let reason =
            "schedule goes with width, not with widths, which lists every hidden layer; leave it out";
        return Err(PlanError::Conflict(reason.to_owned()));
    }
    for depth in spec.depth.iter().flatten() {
        if let Some(list) = lists.iter().find(|list| list.len() + 1 != *depth) {
            return Err(PlanError::Conflict(format!(
                "widths \"{}\" lists {} hidden widths, but depth {depth} has {} hidden layers; make them agree or leave \
                 out depth",
                commas(list),
                list.len(),
                depth.saturating_sub(1)
            )));
        }
    }
    Ok(lists.iter().map(|list| (list.len() + 1, vec![(None, None, list.clone())])).collect())
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
            let raw = match points {
                None => all.clone(),
                Some(points) => all.select(points).map_err(fail)?,
            };
            let rules = spec.normalize.clone().unwrap_or_else(|| vec![source.default_normalize()]);
            for normalize in rules {
                let (points, hash) = (raw.clone().normalized(normalize), raw.hash());
                sets.push(Arc::new(CellData { points, normalize, hash }));
            }
        }
    }
    Ok(sets)
}
