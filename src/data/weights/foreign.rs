//! Files of weights that are not `.safetensors`: what they are, and how they become what is read here.

use std::path::Path;

use crate::data::foreign;

const TORCH: &str = "a file of PyTorch; convert its state dict with safetensors.torch.save_file(torch.load(FILE, \
                     weights_only=True), NEW)";
const NUMPY: &str =
    "an archive of NumPy; convert it with safetensors.numpy.save_file(dict(numpy.load(FILE)), NEW)";
const KERAS: &str = "a file of Keras; convert it with safetensors.numpy.save_file({w.path: w.numpy() for w in \
                     model.weights}, NEW)";

const HDF5: &str = "a file of HDF5, as Keras writes it; convert it with safetensors.numpy.save_file({w.path: \
                    w.numpy() for w in model.weights}, NEW)";

/// What a file is, and how to convert it, from its name and its first bytes; None of what is not known.
///
/// What begins as a `.safetensors` file does, with the length of a header and the header, is known to be one.
pub(super) fn described(path: &Path, first: &[u8]) -> Option<String> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().to_lowercase());
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    let holds = |word: &[u8]| first.windows(word.len()).any(|part| part == word);
    let text = match first {
        // What it should be: what is wrong with it is something else.
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => return None,
        [b'{' | b'[', ..] if ends(&[".index.json"]) || holds(b"\"weight_map\"") => {
            "the index of weights in several files; join them with safetensors.torch.save_file({k: v for f in FILES \
             for k, v in safetensors.torch.load_file(f).items()}, NEW)"
        }
        // A zip archive begins with the name of what is first in it.
        [b'P', b'K', ..] if ends(&[".npz"]) || holds(b".npy") => NUMPY,
        [b'P', b'K', ..] if ends(&[".keras"]) || holds(b"metadata.json") || holds(b"model.weights.h5") => {
            KERAS
        }
        [b'P', b'K', ..] if ends(&[".zip"]) && !holds(b"data.pkl") => {
            "a zip archive; unpack it first (unzip FILE)"
        }
        [b'P', b'K', ..] => TORCH,
        _ if ends(&[".npz"]) => NUMPY,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => {
            "one array of NumPy; a network has a tensor for each layer, which safetensors.numpy.save_file({\"W1\": W1, \
             ...}, NEW) writes"
        }
        [0x89, b'H', b'D', b'F', ..] => HDF5,
        _ if ends(&[".msgpack"]) => {
            "a file of Flax; convert it with safetensors.numpy.save_file(flax.traverse_util.flatten_dict(\
             flax.serialization.msgpack_restore(open(FILE, \"rb\").read()), sep=\"/\"), NEW)"
        }
        // A pickle of protocol 2 or later, as PyTorch wrote before 1.6.
        [0x80, 2..=5, ..] => TORCH,
        _ => match foreign::known(first) {
            Some(known) => return Some(known.of_weights()),
            None if ends(&[".pt", ".pth", ".bin", ".ckpt"]) => TORCH,
            None => return None,
        },
    };
    Some(format!("this is {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_is_known_by_its_bytes_or_its_name() {
        let check = |name: &str, first: &[u8], says: &str| {
            let text = described(Path::new(name), first).unwrap();
            assert!(text.contains(says), "{name}: {text}");
        };
        check("model.pt", b"PK\x03\x04", "of PyTorch");
        check("unnamed", b"PK\x03\x04", "of PyTorch");
        check("old.pth", b"\x80\x02\x8a\x0a", "of PyTorch");
        check("pytorch_model.BIN", b"\0\0\0", "weights_only=True");
        check("arrays.npz", b"PK\x03\x04", "numpy.load");
        check("arrays.bin", b"PK\x03\x04..............W1.npy", "numpy.load");
        check("renamed.pt", b"PK\x03\x04..............metadata.json", "Keras");
        check("model.zip", b"PK\x03\x04..............W1.csv", "unpack it");
        check("index.json", b"{\"metadata\": {}, \"weight_map\": {}}", "several files");
        check("config.json", b"{}", "this is JSON; weights are read from .safetensors");
        check("w.safetensors.xz", b"\xfd7zXZ\0", "xz -dk FILE");
        check("model.gguf", b"GGUF\x03\0", "GGUF");
        check("array.npy", b"\x93NUMPY\x01\0", "one array of NumPy");
        check("model.safetensors.index.json", b"{\"metadata\"", "several files");
        check("params.msgpack", b"\x81\xa6params", "msgpack_restore");
        check("model.h5", b"\x89HDF\r\n\x1a\n", "Keras");
        for (name, first) in [("w.safetensors", &b"PQ"[..]), ("x", b"")] {
            assert_eq!(described(Path::new(name), first), None);
        }
    }
}
