//! Weight files.

use super::*;

#[test]
fn weights_of_every_type_are_read_in_the_order_of_their_names() {
    let files = Files::new();
    let values = [1.5, -2.0, 0.25, 3.0];
    let check = |dtype: &str, bytes: Vec<u8>| {
        let size = bytes.len() / 4;
        // W2 lies first in the file.
        let header = format!(
            r#"{{"W2":{{"dtype":"{dtype}","shape":[2,1],"data_offsets":[0,{}]}},"W1":{{"dtype":"{dtype}","shape":[1,2],"data_offsets":[{},{}]}}}}"#,
            2 * size,
            2 * size,
            4 * size
        );
        let matrices = weights(&files.put("w.safetensors", &tensors(&header, &bytes)), 2).unwrap();
        let expected = [
            WeightMatrix { rows: 1, cols: 2, values: values[2..].to_vec() },
            WeightMatrix { rows: 2, cols: 1, values: values[..2].to_vec() },
        ];
        assert_eq!(matrices, expected, "{dtype}");
    };
    check("F64", values.iter().flat_map(|v| v.to_le_bytes()).collect());
    check("F32", values.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect());
    check("F16", values.iter().flat_map(|v| f16::from_f64(*v).to_le_bytes()).collect());
    check("BF16", values.iter().flat_map(|v| bf16::from_f64(*v).to_le_bytes()).collect());
}

#[test]
fn malformed_weights_are_refused_in_one_sentence() {
    let files = Files::new();
    let check = |bytes: &[u8], says: &str| {
        let path = files.put("w.safetensors", bytes);
        check_refused(&path, weights(&path, 2), says);
    };
    let one = |name: &str, dtype: &str, shape: &str, bytes: usize| {
        let header =
            format!(r#"{{"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{bytes}]}}}}"#);
        tensors(&header, &vec![0; bytes])
    };
    check(b"", "a file of 0 bytes is no .safetensors file");
    check(b"1234567", "a file of 7 bytes");
    check(
        &u64::MAX.to_le_bytes(),
        "declare a header of 18446744073709551615 bytes, but the file holds 0 more",
    );
    check(&tensors("{", b""), "header of the .safetensors file is malformed");
    check(&tensors("[]", b""), "malformed");
    check(&tensors(&"[".repeat(10_000), b""), "malformed");
    check(&tensors("{}", b""), "there are no tensors");
    check(&tensors("{}", b"1234"), "declares 0 bytes of values but the file holds 4");
    let biased = r#"{"W1":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b1":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#;
    check(
        &tensors(biased, &[0; 12]),
        "tensor b1 stands beside the weight matrices, and networks here have no biases",
    );
    check(&one("W1", "F32", "[1,2]", 4), "malformed");
    check(&one("W0", "F32", "[1,2]", 8), "tensor W1 is missing among 1 tensor (W0)");
    check(&one("w1", "F32", "[1,2]", 8), "tensor W1 is missing");
    check(
        &one("W2", "F32", "[1,2]", 8),
        "tensor W1 is missing among 1 tensor (W2); they are called W1 to W1",
    );
    check(&one("W1", "I32", "[1,2]", 8), "tensor W1 is of type I32; use F32, F64, F16 or BF16");
    check(&one("W1", "X32", "[1,2]", 8), "malformed");
    check(&one("W1", "F32", "[2]", 8), "tensor W1 has shape [2]; a matrix has two dimensions");
    check(&one("W1", "F32", "[1,1,2]", 8), "tensor W1 has shape [1, 1, 2]");
    check(&one("W1", "F32", "[1,3]", 12), "its columns must be the 2 coordinates of the data");
    check(&one("W1", "F32", "[0,2]", 0), "tensor W1 has 0 rows");
    check(&one("W1", "F32", "[18446744073709551615,2]", 8), "malformed");
    let header = r#"{"W1":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},"W2":{"dtype":"F32","shape":[1,2],"data_offsets":[24,32]}}"#;
    check(&tensors(header, &[0; 32]), "tensor W2 has shape [1, 2]; its columns must be the 3 rows of W1");
    check(&tensors(header, &[0; 31]), "declares 32 bytes of values but the file holds 31");
    let mut infinite = [0.0f32, 1.0].map(f32::to_le_bytes).concat();
    let header = r#"{"W1":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;
    assert!(weights(&files.put("w.safetensors", &tensors(header, &infinite)), 2).is_ok());
    infinite[4..].copy_from_slice(&f32::NEG_INFINITY.to_le_bytes());
    check(&tensors(header, &infinite), "tensor W1, row 0, column 1 (from 0) is -inf");
    let sound = tensors(header, &[0; 8]);
    for end in 0..sound.len() {
        let path = files.put("cut.safetensors", &sound[..end]);
        check_refused(&path, weights(&path, 2), "");
        for value in [0, 0x22, 0x30, 0xff] {
            let mut damaged = sound.clone();
            damaged[end] = value;
            // Refused or read, but no panic.
            let _ = weights(&files.put("damaged.safetensors", &damaged), 2);
        }
    }
}
