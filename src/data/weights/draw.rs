//! The weights that a seed stands for, and the file of them: F32, row after row, so that no matrix needs to be in
//! memory.
//!
//! Format: <https://github.com/huggingface/safetensors>: length of the header as u64, header (JSON), values; all
//! little-endian.

use serde_json::{Map, Value, json};

use crate::data::{DataError, Output};
use crate::model::Network;
use crate::rng::{LANES, LAYOUT_VERSION, Role, Tensor};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::weights::WeightFile;

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
        let w = &matrices[1].matrix;
        assert_eq!((w.rows, w.cols), (2, 3));
        let w2 = Tensor::new(7, Role::Weight, 2);
        assert_eq!(w.values[4], f64::from(w2.normal(1, 1)));
        let bytes = std::fs::read(&path).unwrap();
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["seed"], "7");
        let error = WeightFile::open(&path, 6).unwrap_err().to_string();
        assert!(
            error.ends_with("tensor W1 has shape [3, 5]; its columns must be the 6 coordinates of the data")
        );
    }
}
