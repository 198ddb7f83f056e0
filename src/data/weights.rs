//! Weights in `.safetensors`: tensors W1 … Wl, W_k of shape [m_k, m_{k−1}], and the weights that a seed stands for.
//!
//! Written as F32, row after row, so that no matrix needs to be in memory. Read from F32, F64, F16 or BF16 as f64, in
//! which all four are exact; the header is checked before any value is read.
//!
//! Format: <https://github.com/huggingface/safetensors>: length of the header as u64, header (JSON), values; all
//! little-endian.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};
use serde_json::{Map, Value, json};

use super::{DataError, Output};
use crate::model::Network;
use crate::rng::{LANES, LAYOUT_VERSION, Role, Tensor};
use crate::units::counted;

/// Headers hold a hundred bytes a tensor.
const MAX_HEADER: u64 = 1 << 26;

/// One matrix of given weights.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightMatrix {
    /// m_k.
    pub rows: usize,
    /// m_{k−1}.
    pub cols: usize,
    /// Row-major values.
    pub values: Vec<f64>,
}

/// Row `row` of W_layer (from 1) of the θ of a seed: its m_{layer−1} deviates, in f32 as they are drawn.
pub fn draw_row(seed: u64, layer: usize, row: u32, out: &mut [f32]) {
    let tensor = Tensor::new(seed, Role::Weight, layer);
    for (i, chunk) in out.chunks_mut(4 * LANES).enumerate() {
        let first = (i * LANES) as u32;
        let groups: [u32; LANES] = std::array::from_fn(|lane| first + lane as u32);
        let normals = tensor.normals([row; LANES], groups);
        for (j, value) in chunk.iter_mut().enumerate() {
            *value = normals[j % 4][j / 4];
        }
    }
}

/// The shapes (m_k, m_{k−1}) of the matrices of a network on data of `dim` coordinates.
pub fn shapes(network: &Network, dim: usize) -> Vec<(u64, u64)> {
    let mut widths = vec![dim as u64];
    widths.extend(network.hidden());
    widths.push(network.outputs() as u64);
    widths.windows(2).map(|pair| (pair[1], pair[0])).collect()
}

/// Writes matrices of these shapes, `row(layer, row, out)` filling one row after another, layers from 1. The metadata
/// name the seed and the layout of the streams.
pub fn write<E: From<DataError>>(
    mut output: Output,
    shapes: &[(u64, u64)],
    seed: u64,
    mut row: impl FnMut(usize, u32, &mut [f32]) -> Result<(), E>,
) -> Result<(), E> {
    output.write(&header(shapes, seed))?;
    let mut bytes = Vec::new();
    for (k, &(rows, cols)) in shapes.iter().enumerate() {
        let mut values = vec![0.0; cols as usize];
        for i in 0..rows as u32 {
            row(k + 1, i, &mut values)?;
            bytes.clear();
            bytes.extend(values.iter().flat_map(|v: &f32| v.to_le_bytes()));
            output.write(&bytes)?;
        }
    }
    Ok(output.finish()?)
}

fn header(shapes: &[(u64, u64)], seed: u64) -> Vec<u8> {
    let mut tensors = Map::new();
    let layout = LAYOUT_VERSION.to_string();
    tensors.insert("__metadata__".to_owned(), json!({ "seed": seed.to_string(), "stream_layout": layout }));
    let mut start = 0;
    for (k, &(rows, cols)) in shapes.iter().enumerate() {
        // Widths are below 2³², so a matrix of f32 is below 2⁶⁶; nobody writes that, but the sum must not wrap.
        let end = start + u128::from(rows) * u128::from(cols) * 4;
        let info = json!({ "dtype": "F32", "shape": [rows, cols], "data_offsets": [saturated(start), saturated(end)] });
        tensors.insert(format!("W{}", k + 1), info);
        start = end;
    }
    let mut text = Value::Object(tensors).to_string().into_bytes();
    // Values begin at a multiple of eight bytes.
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}

fn saturated(offset: u128) -> u64 {
    u64::try_from(offset).unwrap_or(u64::MAX)
}

/// A weight file whose header has been read and checked.
#[derive(Debug)]
pub struct WeightFile {
    path: PathBuf,
    file: BufReader<File>,
    /// Byte at which values begin.
    base: u64,
    tensors: Vec<TensorInfo>,
}

impl WeightFile {
    /// Opens a file of W1 … Wl for data of `dim` coordinates; refuses tensors that are missing, unknown, of another
    /// type, or whose shapes are no chain from `dim`.
    pub fn open(path: &Path, dim: usize) -> Result<Self, DataError> {
        let io = |source| DataError::Read { path: path.to_owned(), source };
        let wrong = |reason: String| Err(DataError::Malformed { path: path.to_owned(), reason });
        let file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?;
        if size.is_dir() {
            return Err(io(std::io::ErrorKind::IsADirectory.into()));
        }
        let size = size.len();
        let mut file = BufReader::with_capacity(1 << 16, file);
        let mut length = [0; 8];
        if size < 8 {
            return wrong(format!(
                "a file of {} is no .safetensors file; it begins with a length of 8 bytes",
                counted(size, "byte")
            ));
        }
        file.read_exact(&mut length).map_err(io)?;
        let length = u64::from_le_bytes(length);
        if length > size - 8 || length > MAX_HEADER {
            return wrong(format!(
                "the first 8 bytes declare a header of {}, but the file holds {} more; this is no complete .safetensors \
                 file",
                counted(length, "byte"),
                size - 8
            ));
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text).map_err(io)?;
        let header: Metadata = match serde_json::from_slice(&text) {
            Ok(header) => header,
            Err(error) => {
                return wrong(format!("the header of the .safetensors file is malformed ({error})"));
            }
        };
        let base = 8 + length;
        let (declared, held) = (header.data_len() as u64, size - base);
        if declared != held {
            return wrong(format!(
                "the header declares {} of values but the file holds {held}; it is cut off or too long",
                counted(declared, "byte")
            ));
        }
        match chain(&header, dim) {
            Ok(tensors) => Ok(Self { path: path.to_owned(), file, base, tensors }),
            Err(reason) => wrong(reason),
        }
    }

    /// Shapes (m_k, m_{k−1}), k = 1 … l.
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        self.tensors.iter().map(|t| (t.shape[0], t.shape[1])).collect()
    }

    /// Reads all values; refuses those that are not finite.
    pub fn read(mut self) -> Result<Vec<WeightMatrix>, DataError> {
        let mut matrices = Vec::with_capacity(self.tensors.len());
        for (k, tensor) in self.tensors.iter().enumerate() {
            let io = |source| DataError::Read { path: self.path.clone(), source };
            let (rows, cols) = (tensor.shape[0], tensor.shape[1]);
            let item = tensor.dtype.bitsize() / 8;
            self.file.seek(SeekFrom::Start(self.base + tensor.data_offsets.0 as u64)).map_err(io)?;
            let mut values = Vec::with_capacity(rows * cols);
            let mut bytes = vec![0; cols * item];
            for row in 0..rows {
                self.file.read_exact(&mut bytes).map_err(io)?;
                values.extend(bytes.chunks_exact(item).map(|value| decode(tensor.dtype, value)));
                if let Some(column) = values[row * cols..].iter().position(|v| !v.is_finite()) {
                    let reason = format!(
                        "tensor W{}, row {row}, column {column} (from 0) is {}; weights are finite numbers",
                        k + 1,
                        values[row * cols + column]
                    );
                    return Err(DataError::Malformed { path: self.path.clone(), reason });
                }
            }
            matrices.push(WeightMatrix { rows, cols, values });
        }
        Ok(matrices)
    }
}

/// The tensors W1 … Wl in order, or what is wrong with them.
fn chain(header: &Metadata, dim: usize) -> Result<Vec<TensorInfo>, String> {
    let found = header.tensors();
    if found.is_empty() {
        return Err("there are no tensors; a network has W1 to Wl".to_owned());
    }
    let mut names: Vec<&String> = found.keys().collect();
    names.sort();
    // What is no matrix of the chain, biases above all: they would be counted as layers.
    let of_chain = |name: &str| name.strip_prefix('W').is_some_and(|k| k.parse::<usize>().is_ok());
    let others: Vec<&str> = names.iter().map(|name| name.as_str()).filter(|name| !of_chain(name)).collect();
    if let (Some(first), true) = (others.first(), others.len() < names.len()) {
        let more = if others.len() > 1 { format!(" and {} more", others.len() - 1) } else { String::new() };
        return Err(format!(
            "tensor {first}{more} stands beside the weight matrices, and networks here have no biases; leave out what is \
             not called W1, W2, ..."
        ));
    }
    let mut tensors = Vec::with_capacity(found.len());
    let mut below = dim;
    for k in 1..=found.len() {
        let name = format!("W{k}");
        let Some(tensor) = found.get(&name) else {
            let list: Vec<&str> = names.iter().take(8).map(|name| name.as_str()).collect();
            return Err(format!(
                "tensor {name} is missing among {} ({}{}); they are called W1 to W{}",
                counted(found.len(), "tensor"),
                list.join(", "),
                if names.len() > 8 { ", ..." } else { "" },
                found.len()
            ));
        };
        if !matches!(tensor.dtype, Dtype::F16 | Dtype::BF16 | Dtype::F32 | Dtype::F64) {
            return Err(format!("tensor {name} is of type {}; use F32, F64, F16 or BF16", tensor.dtype));
        }
        let [rows, cols] = tensor.shape[..] else {
            return Err(format!("tensor {name} has shape {:?}; a matrix has two dimensions", tensor.shape));
        };
        if cols != below {
            let of = match k {
                1 => format!("{} of the data", counted(below, "coordinate")),
                _ => format!("{} of W{}", counted(below, "row"), k - 1),
            };
            return Err(format!("tensor {name} has shape [{rows}, {cols}]; its columns must be the {of}"));
        }
        if rows == 0 || rows > u32::MAX as usize {
            return Err(format!(
                "tensor {name} has {}; layers have 1 to 4294967295 neurons",
                counted(rows, "row")
            ));
        }
        tensors.push((*tensor).clone());
        below = rows;
    }
    Ok(tensors)
}

fn decode(dtype: Dtype, bytes: &[u8]) -> f64 {
    match (dtype, bytes) {
        (Dtype::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f64(),
        (Dtype::BF16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f64(),
        (Dtype::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (Dtype::F64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        // `chain` lets no other type pass; what is not a number would be refused.
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_deviates_of_their_counters() {
        for length in [1, 3, 4, 63, 64, 65, 130] {
            let mut row = vec![0.0; length];
            draw_row(5, 2, 9, &mut row);
            let tensor = Tensor::new(5, Role::Weight, 2);
            let slow: Vec<f32> = (0..length as u32).map(|column| tensor.normal(9, column)).collect();
            assert_eq!(row, slow);
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.safetensors");
        let shapes = [(3, 5), (2, 3)];
        let fill = |layer, row, out: &mut [f32]| {
            draw_row(7, layer, row, out);
            Ok::<(), DataError>(())
        };
        write(Output::create(&path).unwrap(), &shapes, 7, fill).unwrap();
        let matrices = WeightFile::open(&path, 5).unwrap().read().unwrap();
        assert_eq!((matrices[1].rows, matrices[1].cols), (2, 3));
        let w2 = Tensor::new(7, Role::Weight, 2);
        assert_eq!(matrices[1].values[4], f64::from(w2.normal(1, 1)));
        let bytes = std::fs::read(&path).unwrap();
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["seed"], "7");
        let error = WeightFile::open(&path, 6).unwrap_err().to_string();
        assert!(
            error.ends_with("tensor W1 has shape [3, 5]; its columns must be the 6 coordinates of the data")
        );
    }
}
