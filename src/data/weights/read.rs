//! Reads `.safetensors`.
//!
//! Format: <https://github.com/huggingface/safetensors>: length of the header as u64, header (JSON), values; all
//! little-endian.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata};
use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::foreign;
use super::layout::{Layout, Stored, Taken};
use super::{LayerWeights, WeightMatrix};
use crate::data::DataError;
use crate::data::foreign::FIRST;
use crate::units::counted;

/// Headers hold a hundred bytes a tensor.
const MAX_HEADER: u64 = 1 << 26;

/// A weight file whose header has been read and checked.
#[derive(Debug)]
pub struct WeightFile {
    path: PathBuf,
    file: BufReader<File>,
    /// Byte at which values begin.
    base: u64,
    layout: Layout,
}

impl WeightFile {
    /// Opens a file of a network on data of `dim` coordinates: tensors W1 … Wl with biases b1 … bl, or the names of
    /// PyTorch (`fc1.weight`, (out, in)) or Flax (`Dense_0/kernel`, (in, out)) with a `bias` beside, in the natural
    /// order of their names.
    ///
    /// Refuses tensors that are missing, unknown, of another type, or whose shapes are no chain from `dim`.
    pub fn open(path: &Path, dim: usize) -> Result<Self, DataError> {
        Self::open_tensors(path, dim, &[])
    }

    /// The same with the names of the tensors W_1, W_2, …, each followed by its bias where that is not called `bias`
    /// beside it. In an empty list the names in the file say, as in [`open`](Self::open).
    pub fn open_tensors(path: &Path, dim: usize, tensors: &[String]) -> Result<Self, DataError> {
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
        let first = length;
        let length = u64::from_le_bytes(length);
        if length > size - 8 || length > MAX_HEADER {
            let mut first = first.to_vec();
            file.take(FIRST as u64 - 8).read_to_end(&mut first).map_err(io)?;
            return wrong(foreign::described(path, &first).unwrap_or_else(|| {
                format!(
                    "the first 8 bytes declare a header of {}, but the file holds {} more; this is no complete \
                     .safetensors file",
                    counted(length, "byte"),
                    size - 8
                )
            }));
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text).map_err(io)?;
        if let Some(name) = twice(&text) {
            return wrong(format!(
                "tensor {name} stands twice in the header of the .safetensors file; a name is of one tensor"
            ));
        }
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
        match Layout::of(&header, dim, tensors) {
            Ok(layout) => Ok(Self { path: path.to_owned(), file, base, layout }),
            Err(wrong) if wrong.name_them => {
                Err(DataError::Unnamed { path: path.to_owned(), reason: wrong.reason })
            }
            Err(wrong) => Err(DataError::Malformed { path: path.to_owned(), reason: wrong.reason }),
        }
    }

    /// Shapes (m_k, m_{k−1}), k = 1 … l.
    pub fn shapes(&self) -> Vec<(usize, usize)> {
        self.layout.layers.iter().map(Taken::shape).collect()
    }

    /// The name of the first bias and how many there are, where there are any.
    pub fn biases(&self) -> Option<(&str, usize)> {
        let mut biases = self.layout.layers.iter().filter_map(|layer| layer.bias.as_ref());
        let first = biases.next()?;
        Some((&first.name, 1 + biases.count()))
    }

    /// What was taken for which layer, in one line for the user to see; None where the names are W1 … Wl and say it.
    pub fn account(&self) -> Option<String> {
        self.layout.account()
    }

    /// Reads all values; refuses those that are not finite.
    pub fn read(mut self) -> Result<Vec<LayerWeights>, DataError> {
        let layers = std::mem::take(&mut self.layout.layers);
        layers.iter().map(|layer| self.layer(layer)).collect()
    }

    fn layer(&mut self, layer: &Taken) -> Result<LayerWeights, DataError> {
        let (rows, cols) = layer.shape();
        let mut values = Vec::new();
        if layer.transposed {
            values.resize(rows * cols, 0.0);
            self.values(&layer.matrix, |input, of_outputs| {
                for (output, value) in of_outputs.iter().enumerate() {
                    values[output * cols + input] = *value;
                }
            })?;
        } else {
            values.reserve_exact(rows * cols);
            self.values(&layer.matrix, |_, row| values.extend_from_slice(row))?;
        }
        let bias = layer.bias.as_ref().map(|bias| {
            let mut values = Vec::with_capacity(rows);
            self.values(bias, |_, all| values.extend_from_slice(all)).map(|()| values)
        });
        Ok(LayerWeights { matrix: WeightMatrix { rows, cols, values }, bias: bias.transpose()? })
    }

    /// The values of a tensor, row by row as it is stored; a vector is one row.
    fn values(&mut self, tensor: &Stored, mut take: impl FnMut(usize, &[f64])) -> Result<(), DataError> {
        let io = |source| DataError::Read { path: self.path.clone(), source };
        let Stored { name, info } = tensor;
        let vector = info.shape.len() == 1;
        let (rows, cols) = if vector { (1, info.shape[0]) } else { (info.shape[0], info.shape[1]) };
        let item = info.dtype.bitsize() / 8;
        self.file.seek(SeekFrom::Start(self.base + info.data_offsets.0 as u64)).map_err(io)?;
        let mut bytes = vec![0; cols * item];
        let mut values = vec![0.0; cols];
        for row in 0..rows {
            self.file.read_exact(&mut bytes).map_err(io)?;
            for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(item)) {
                *value = decode(info.dtype, bytes);
            }
            if let Some(column) = values.iter().position(|v| !v.is_finite()) {
                let row = if vector { String::new() } else { format!("row {row}, ") };
                let value = values[column];
                let reason = format!(
                    "tensor {name}, {row}column {column} (from 0) is {value}; weights are finite numbers"
                );
                return Err(DataError::Malformed { path: self.path.clone(), reason });
            }
            take(row, &values);
        }
        Ok(())
    }
}

/// The first name that a header has twice, of which a parser of JSON keeps the last; None where all differ, and of what
/// is no header.
fn twice(header: &[u8]) -> Option<String> {
    struct Names(Option<String>);
    impl<'de> Visitor<'de> for Names {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("tensors by name")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Option<String>, A::Error> {
            let mut names = HashSet::new();
            while let Some(name) = map.next_key::<String>()? {
                map.next_value::<IgnoredAny>()?;
                if let Some(name) = names.replace(name) {
                    self.0.get_or_insert(name);
                }
            }
            Ok(self.0)
        }
    }
    serde_json::Deserializer::from_slice(header).deserialize_map(Names(None)).ok().flatten()
}

fn decode(dtype: Dtype, bytes: &[u8]) -> f64 {
    match (dtype, bytes) {
        (Dtype::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f64(),
        (Dtype::BF16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f64(),
        (Dtype::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (Dtype::F64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]),
        // `Layout::of` lets no other type pass; what is not a number would be refused.
        _ => f64::NAN,
    }
}
