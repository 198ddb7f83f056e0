//! Which tensors of a file are the layers of a network, by their names and shapes.
//!
//! | written by | matrix | stored as | bias | order |
//! | --- | --- | --- | --- | --- |
//! | this crate | `W1` … `Wl` | (out, in) | `b1` … `bl` | of the numbers |
//! | PyTorch | `0.weight`, `layers.0.weight`, `fc1.weight` | (out, in) | `.bias` | natural order of the names |
//! | Flax | `Dense_0/kernel`, `Dense_0.kernel` | (in, out) | `/bias`, `.bias` | natural order of the names |
//!
//! Whatever the order, the shapes must chain from the coordinates of the data to the outputs. Tensors that are named by
//! the caller are taken in that order; where their names say nothing of (out, in) or (in, out), their shapes do, and
//! (out, in) is taken where both chain.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::names::{natural, numbered, parts};
use crate::units::counted;

/// Tensors that a sentence lists at most.
const LISTED: usize = 8;

/// A tensor of a file.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) info: TensorInfo,
}

/// What was taken for one layer.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) matrix: Stored,
    /// It is stored as (in, out).
    pub(super) transposed: bool,
    pub(super) bias: Option<Stored>,
}

impl Taken {
    /// (m_k, m_{k−1}).
    pub(super) fn shape(&self) -> (usize, usize) {
        let [first, second] = [self.matrix.info.shape[0], self.matrix.info.shape[1]];
        if self.transposed { (second, first) } else { (first, second) }
    }
}

/// Whose names the tensors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// W1 … Wl.
    Own,
    PyTorch,
    Flax,
    /// Named by the caller.
    Named,
}

/// The layers of a network in a file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) layers: Vec<Taken>,
    style: Style,
    /// All matrices chain in both orientations, and no name says which is meant.
    open: bool,
}

/// Why the tensors of a file are no network.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) reason: String,
    /// The caller may know better, and name the tensors.
    pub(super) name_them: bool,
}

/// Tensors by name.
type Tensors<'a> = HashMap<String, &'a TensorInfo>;

/// Names that were chosen for a layer. None as orientation: its shape must say.
struct Chosen {
    matrix: String,
    transposed: Option<bool>,
    bias: Option<String>,
}

impl Layout {
    /// The layers of a network on data of `dim` coordinates, or what is wrong with them. `named` are the tensors to
    /// take, none where the names in the file shall say.
    pub(super) fn of(header: &Metadata, dim: usize, named: &[String]) -> Result<Self, Wrong> {
        let found = header.tensors();
        if found.is_empty() {
            return Err(plain("there are no tensors; a network has W1 to Wl".to_owned()));
        }
        let mut names: Vec<&str> = found.keys().map(String::as_str).collect();
        names.sort_by(|a, b| natural(a, b));
        if !named.is_empty() {
            let chosen = choose_named(&found, &names, named).map_err(plain)?;
            return Self::chained(&found, chosen, dim, Style::Named).map_err(plain);
        }
        if names.iter().any(|name| numbered(name, 'W').is_some()) {
            let chosen = choose_own(&names).map_err(plain)?;
            return Self::chained(&found, chosen, dim, Style::Own).map_err(plain);
        }
        let of_order = |reason: String| {
            let candidates = list(names.iter().map(|name| format!("{name} {:?}", found[*name].shape)));
            Wrong { reason: format!("{reason}; the tensors are {candidates}"), name_them: true }
        };
        let (chosen, style) = choose_by_leaf(&names).map_err(of_order)?;
        Self::chained(&found, chosen, dim, style).map_err(of_order)
    }

    /// Checks types and shapes of the tensors of a choice.
    fn chained(found: &Tensors, chosen: Vec<Chosen>, dim: usize, style: Style) -> Result<Self, String> {
        // `turned`: against what the names say.
        let attempt = |otherwise: bool, turned: bool| {
            let mut layers: Vec<Taken> = Vec::with_capacity(chosen.len());
            for choice in &chosen {
                let transposed = choice.transposed.map_or(otherwise, |said| said != turned);
                layers.push(taken(found, choice, transposed, dim, layers.last())?);
            }
            Ok::<_, String>(layers)
        };
        let undecided = chosen.iter().any(|choice| choice.transposed.is_none());
        match (attempt(false, false), undecided.then(|| attempt(true, false))) {
            (Ok(layers), turned) => Ok(Self { layers, style, open: matches!(turned, Some(Ok(_))) }),
            (Err(_), Some(Ok(layers))) => Ok(Self { layers, style, open: false }),
            (Err(reason), None) if attempt(false, true).is_ok() => Err(format!(
                "{reason}; the transposes of all matrices do chain, so store those under these names"
            )),
            (Err(reason), _) => Err(reason),
        }
    }

    /// What was taken for which layer, in one line; None where the names are W1 … Wl and say it.
    pub(super) fn account(&self) -> Option<String> {
        let whose = match self.style {
            Style::Own => return None,
            Style::PyTorch => "PyTorch's names, ",
            Style::Flax => "Flax's names, ",
            Style::Named => "",
        };
        let orientation = |transposed: bool| if transposed { "(in, out)" } else { "(out, in)" };
        let first = self.layers.first()?.transposed;
        let uniform = self.layers.iter().all(|layer| layer.transposed == first);
        let layers = (1..).zip(&self.layers).map(|(k, layer)| {
            let bias = layer.bias.as_ref().map_or_else(String::new, |bias| format!(" with {}", bias.name));
            let own = if uniform { String::new() } else { format!(" {}", orientation(layer.transposed)) };
            format!("{k} is {} {:?}{own}{bias}", layer.matrix.name, layer.matrix.info.shape)
        });
        let layers = list(layers);
        let order = match (uniform, self.open) {
            (true, true) => {
                format!("matrices are read as {}, though they chain as (in, out) too", orientation(first))
            }
            (true, false) => format!("matrices are {}", orientation(first)),
            (false, _) => "matrices are as said".to_owned(),
        };
        Some(format!("{whose}{order}: layer {layers}"))
    }
}

/// A mistake of the file, or of the caller's names.
fn plain(reason: String) -> Wrong {
    Wrong { reason, name_them: false }
}

/// Up to [`LISTED`] of these and their last one, separated by commas.
fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    match items.as_slice() {
        [first @ .., last] if items.len() > LISTED => {
            format!("{}, ..., {last}", first[..LISTED - 1].join(", "))
        }
        all => all.join(", "),
    }
}

/// W1 … Wl and the biases b1 … bl.
fn choose_own(names: &[&str]) -> Result<Vec<Chosen>, String> {
    let depth = names.iter().filter(|name| numbered(name, 'W').is_some()).count();
    let known = |name: &str| numbered(name, 'W').or(numbered(name, 'b')).is_some();
    let others: Vec<&&str> = names.iter().filter(|name| !known(name)).collect();
    if let Some(first) = others.first() {
        let (more, stand) = match others.len() {
            1 => (String::new(), "stands"),
            count => (format!(" and {} more", count - 1), "stand"),
        };
        return Err(format!(
            "tensor {first}{more} {stand} beside the weight matrices; leave out what is not called W1, W2, ..., or b1, \
             b2, ... for a bias"
        ));
    }
    let missing = |name: &str| {
        format!(
            "tensor {name} is missing among {} ({}); they are called W1 to W{depth}",
            counted(names.len(), "tensor"),
            list(names.iter().map(|name| (*name).to_owned())),
        )
    };
    let layer = |k: usize| {
        let (matrix, bias) = (format!("W{k}"), format!("b{k}"));
        let there = |name: &str| names.contains(&name);
        let bias = there(&bias).then_some(bias);
        if there(&matrix) {
            Ok(Chosen { matrix, transposed: Some(false), bias })
        } else {
            Err(missing(&matrix))
        }
    };
    let chosen: Vec<Chosen> = (1..=depth).map(layer).collect::<Result<_, _>>()?;
    paired(names, &chosen)?;
    Ok(chosen)
}

/// Matrices whose names end in `weight` (PyTorch) or `kernel` (Flax), in natural order, with the `bias` beside them.
fn choose_by_leaf(names: &[&str]) -> Result<(Vec<Chosen>, Style), String> {
    let of_leaf = |leaf: &str| names.iter().find(|name| parts(name).1 == leaf);
    let (leaf, style) = match (of_leaf("weight"), of_leaf("kernel")) {
        (Some(weight), Some(kernel)) => {
            return Err(format!(
                "tensor {weight} is named as PyTorch names a matrix (out, in), and {kernel} as Flax names one (in, out)"
            ));
        }
        (Some(_), None) => ("weight", Style::PyTorch),
        (None, Some(_)) => ("kernel", Style::Flax),
        (None, None) => {
            return Err(format!(
                "tensor W1 is missing among {}; matrices are called W1 to Wl, or end in .weight as in PyTorch or in \
                 kernel as in Flax",
                counted(names.len(), "tensor")
            ));
        }
    };
    if let Some(other) = names.iter().find(|name| ![leaf, "bias"].contains(&parts(name).1)) {
        return Err(format!(
            "tensor {other} is neither a {leaf} nor a bias, and networks here are linear layers with one activation \
             between them"
        ));
    }
    let matrices = names.iter().filter(|name| parts(name).1 == leaf);
    let chosen: Vec<Chosen> = matrices
        .map(|name| {
            let bias = format!("{}bias", parts(name).0);
            let bias = names.contains(&bias.as_str()).then_some(bias);
            Chosen { matrix: (*name).to_owned(), transposed: Some(style == Style::Flax), bias }
        })
        .collect();
    paired(names, &chosen)?;
    Ok((chosen, style))
}

/// Refuses a bias without its matrix, and biases of some layers alone.
fn paired(names: &[&str], chosen: &[Chosen]) -> Result<(), String> {
    let taken = |name: &str| chosen.iter().any(|c| c.matrix == name || c.bias.as_deref() == Some(name));
    if let Some(lone) = names.iter().find(|name| !taken(name)) {
        return Err(format!("tensor {lone} is a bias without a matrix"));
    }
    let with = chosen.iter().find_map(|c| c.bias.as_ref());
    let without = chosen.iter().find(|c| c.bias.is_none());
    match (with, without) {
        (Some(bias), Some(layer)) => Err(format!(
            "matrix {} has no bias beside it, and another layer has {bias}: biases are in all layers or in none, \
             unless the tensors are named",
            layer.matrix
        )),
        _ => Ok(()),
    }
}

/// Tensors in the order of the caller: matrices, each followed by its bias where that has no name of its own kind.
fn choose_named(found: &Tensors, names: &[&str], named: &[String]) -> Result<Vec<Chosen>, String> {
    let mut chosen: Vec<Chosen> = Vec::new();
    for (at, name) in named.iter().enumerate() {
        let Some(info) = found.get(name) else {
            return Err(format!(
                "there is no tensor {name} among {} ({})",
                counted(names.len(), "tensor"),
                list(names.iter().map(|name| (*name).to_owned()))
            ));
        };
        if named[..at].contains(name) {
            return Err(format!("tensor {name} is named twice; a tensor is of one layer"));
        }
        if info.shape.len() == 1 {
            let Some(layer) = chosen.last_mut().filter(|layer| layer.bias.is_none()) else {
                return Err(format!(
                    "tensor {name} has shape {:?}, so it is a bias, and it does not stand behind its matrix",
                    info.shape
                ));
            };
            layer.bias = Some(name.clone());
            continue;
        }
        let transposed = match parts(name).1 {
            "kernel" => Some(true),
            "weight" => Some(false),
            _ => numbered(name, 'W').map(|_| false),
        };
        chosen.push(Chosen { matrix: name.clone(), transposed, bias: None });
    }
    // A bias that nobody named is one all the same: without it the kernel would be that of another network.
    for layer in chosen.iter_mut().filter(|layer| layer.bias.is_none()) {
        let (front, leaf) = parts(&layer.matrix);
        let beside = match leaf {
            "kernel" | "weight" => Some(format!("{front}bias")),
            _ => numbered(&layer.matrix, 'W').map(|k| format!("b{k}")),
        };
        layer.bias = beside.filter(|bias| found.contains_key(bias));
    }
    Ok(chosen)
}

/// The tensors of a layer above another one, or above the data.
fn taken(
    found: &Tensors,
    choice: &Chosen,
    transposed: bool,
    dim: usize,
    below: Option<&Taken>,
) -> Result<Taken, String> {
    let stored = |name: &str| {
        let info: TensorInfo =
            found.get(name).map(|info| (*info).clone()).ok_or_else(|| format!("tensor {name} is missing"))?;
        if !matches!(info.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
            return Err(format!("tensor {name} is of type {}; use F32, F64, F16 or BF16", info.dtype));
        }
        Ok(Stored { name: name.to_owned(), info })
    };
    let matrix = stored(&choice.matrix)?;
    let (name, shape) = (&matrix.name, &matrix.info.shape);
    let [first, second] = shape[..] else {
        return Err(format!("tensor {name} has shape {shape:?}; a matrix has two dimensions"));
    };
    let (rows, cols) = if transposed { (second, first) } else { (first, second) };
    let width = below.map_or(dim, |below| below.shape().0);
    let of = |transposed: bool| if transposed { "column" } else { "row" };
    if cols != width {
        let of = match below {
            None => format!("{} of the data", counted(width, "coordinate")),
            Some(below) => format!("{} of {}", counted(width, of(below.transposed)), below.matrix.name),
        };
        let what = if transposed { "rows" } else { "columns" };
        return Err(format!("tensor {name} has shape {shape:?}; its {what} must be the {of}"));
    }
    if rows == 0 || rows > u32::MAX as usize {
        return Err(format!(
            "tensor {name} has {}; layers have 1 to 4294967295 neurons",
            counted(rows, of(transposed))
        ));
    }
    let bias = choice.bias.as_deref().map(stored).transpose()?;
    if let Some(Stored { name: bias, info }) = bias.as_ref().filter(|bias| bias.info.shape != [rows]) {
        return Err(format!(
            "tensor {bias} has shape {:?}; the bias of {name} has shape [{rows}], a number for each of its {}s",
            info.shape,
            of(transposed)
        ));
    }
    Ok(Taken { matrix, transposed, bias })
}
