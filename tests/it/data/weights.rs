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
    check(b"\x68\0\0\0\0\0\0\0{\"W1\":", "declare a header of 104 bytes, but the file holds 6 more");
    check(&tensors("{", b""), "header of the .safetensors file is malformed");
    check(&tensors("[]", b""), "malformed");
    check(&tensors(&"[".repeat(10_000), b""), "malformed");
    check(&tensors("{}", b""), "there are no tensors");
    check(&tensors("{}", b"1234"), "declares 0 bytes of values but the file holds 4");
    let beside = r#"{"W1":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"v1":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#;
    check(
        &tensors(beside, &[0; 12]),
        "tensor v1 stands beside the weight matrices; leave out what is not called",
    );
    let last = r#"{"W1":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"W1":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#;
    check(&tensors(last, &[0; 8]), "tensor W1 stands twice in the header");
    let twice = beside.replace("}}", r#"},"v2":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#);
    check(&tensors(&twice, &[0; 16]), "tensor v1 and 1 more stand beside the weight matrices");
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

/// A file of F32 tensors of these names and shapes, whose values are those given, one after another.
fn file(all: &[(&str, &[usize])], values: &[f32]) -> Vec<u8> {
    let mut start = 0;
    let entries = all.iter().map(|(name, shape)| {
        let end = start + 4 * shape.iter().product::<usize>();
        let entry = format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#);
        start = end;
        entry
    });
    let header = format!("{{{}}}", entries.collect::<Vec<_>>().join(","));
    tensors(&header, &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>())
}

/// Values 1, 2, … for all tensors.
fn counted(all: &[(&str, &[usize])]) -> Vec<u8> {
    let count: usize = all.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    file(all, &(1..=count).map(|v| v as f32).collect::<Vec<_>>())
}

fn strings(names: &str) -> Vec<String> {
    names.split_whitespace().map(str::to_owned).collect()
}

/// The names of PyTorch and Flax in natural order, with their biases, in either orientation.
#[test]
fn layers_are_known_by_the_names_of_pytorch_and_flax() {
    let files = Files::new();
    let check = |all: &[(&str, &[usize])], named: &str, account: Option<&str>, biases: usize| {
        let path = files.put("w.safetensors", &counted(all));
        let opened = WeightFile::open_tensors(&path, 3, &strings(named)).unwrap();
        assert_eq!(opened.account().as_deref(), account);
        assert_eq!(opened.shapes(), [(2, 3), (2, 2)]);
        assert_eq!(opened.biases().map_or(0, |biases| biases.1), biases);
        opened.read().unwrap()
    };
    let torch: [(&str, &[usize]); 4] =
        [("2.bias", &[2]), ("10.weight", &[2, 2]), ("10.bias", &[2]), ("2.weight", &[2, 3])];
    let says = "PyTorch's names, matrices are (out, in): layer 1 is 2.weight [2, 3] with 2.bias, 2 is 10.weight [2, 2] with 10.bias";
    let layers = check(&torch, "", Some(says), 2);
    assert_eq!(layers[0].matrix.values, [9.0, 10.0, 11.0, 12.0, 13.0, 14.0]);
    assert_eq!(
        (layers[0].bias.as_deref(), layers[1].bias.as_deref()),
        (Some(&[1.0, 2.0][..]), Some(&[7.0, 8.0][..]))
    );
    // Flax stores (in, out).
    let flax: [(&str, &[usize]); 2] =
        [("params/Dense_0/kernel", &[3, 2]), ("params/Dense_1/kernel", &[2, 2])];
    let says = "Flax's names, matrices are (in, out): layer 1 is params/Dense_0/kernel [3, 2], 2 is params/Dense_1/kernel [2, 2]";
    let layers = check(&flax, "", Some(says), 0);
    assert_eq!(layers[0].matrix.values, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    assert_eq!(layers[1].matrix.values, [7.0, 9.0, 8.0, 10.0]);
    let own: [(&str, &[usize]); 4] = [("W2", &[2, 2]), ("W1", &[2, 3]), ("b1", &[2]), ("b2", &[2])];
    assert_eq!(check(&own, "", None, 2)[1].bias.as_deref(), Some(&[13.0, 14.0][..]));
    // Named tensors are taken in their order, with the bias that stands behind or has their name.
    let head: [(&str, &[usize]); 5] = [
        ("head.weight", &[2, 2]),
        ("first", &[3, 2]),
        ("first_bias", &[2]),
        ("head.bias", &[2]),
        ("step", &[1]),
    ];
    let says =
        "layer 1 is first [3, 2] (in, out) with first_bias, 2 is head.weight [2, 2] (out, in) with head.bias";
    let layers =
        check(&head, "first first_bias head.weight", Some(&format!("matrices are as said: {says}")), 2);
    assert_eq!(layers[0].matrix.values, [5.0, 7.0, 9.0, 6.0, 8.0, 10.0]);
    assert_eq!(layers[1].matrix.values, [1.0, 2.0, 3.0, 4.0]);
    // Where all is square, names alone say which way it is.
    let square: [(&str, &[usize]); 2] = [("a", &[3, 3]), ("b", &[3, 3])];
    let path = files.put("w.safetensors", &counted(&square));
    let opened = WeightFile::open_tensors(&path, 3, &strings("a b")).unwrap();
    assert!(
        opened
            .account()
            .unwrap()
            .starts_with("matrices are read as (out, in), though they chain as (in, out) too: ")
    );
    assert_eq!(opened.read().unwrap()[0].matrix.values[1], 2.0);
    let many: Vec<String> = (0..12).map(|k| format!("{k}.weight")).collect();
    let many: Vec<(&str, &[usize])> = many.iter().map(|name| (name.as_str(), &[3, 3][..])).collect();
    let opened = WeightFile::open(&files.put("w.safetensors", &counted(&many)), 3).unwrap();
    let account = opened.account().unwrap();
    assert!(account.ends_with("7 is 6.weight [3, 3], ..., 12 is 11.weight [3, 3]"), "{account}");
}

#[test]
fn files_whose_names_are_no_network_are_refused_with_what_is_in_them() {
    let files = Files::new();
    let open = |all: &[(&str, &[usize])], named: &str| {
        WeightFile::open_tensors(&files.put("w.safetensors", &counted(all)), 3, &strings(named))
    };
    let check = |all: &[(&str, &[usize])], named: &str, says: &[&str]| {
        let error = open(all, named).unwrap_err();
        // Without names of the caller, names are what would help.
        assert!(named.is_empty() == matches!(error, DataError::Unnamed { .. }), "{error}");
        let sentence = chain(&error);
        assert!(!sentence.contains('\n'), "{sentence}");
        says.iter().for_each(|says| assert!(sentence.contains(says), "{sentence}: {says}"));
    };
    let layers: [(&str, &[usize]); 2] = [("hidden.weight", &[2, 4]), ("input.weight", &[4, 3])];
    let first = "tensor hidden.weight has shape [2, 4]; its columns must be the 3 coordinates of the data";
    check(&layers, "", &[first, "the tensors are hidden.weight [2, 4], input.weight [4, 3]"]);
    assert!(open(&layers, "input.weight hidden.weight").is_ok());
    check(&layers, "input.weight input.weight", &["tensor input.weight is named twice"]);
    check(
        &layers,
        "input.weight out",
        &["there is no tensor out among 2 tensors (hidden.weight, input.weight)"],
    );
    check(&layers, "hidden.weight input.weight", &[first]);
    let flax: [(&str, &[usize]); 2] = [("Dense_0/kernel", &[3, 2]), ("Dense_1/kernel", &[3, 2])];
    check(&flax, "", &["Dense_1/kernel has shape [3, 2]; its rows must be the 2 columns of Dense_0/kernel"]);
    check(&[("a.weight", &[2, 3]), ("b/kernel", &[2, 2])], "", &["PyTorch", "Flax", "a.weight", "b/kernel"]);
    check(&[("w", &[2, 3])], "", &["tensor W1 is missing among 1 tensor; matrices are called W1 to Wl"]);
    let normalised: [(&str, &[usize]); 3] =
        [("0.weight", &[2, 3]), ("1.weight", &[2]), ("1.running_mean", &[2])];
    check(&normalised, "", &["tensor 1.running_mean is neither a weight nor a bias"]);
    check(&normalised[..2], "", &["tensor 1.weight has shape [2]; a matrix has two dimensions"]);
    check(
        &[("0.weight", &[2, 3]), ("0.bias", &[3])],
        "",
        &["0.bias has shape [3]; the bias of 0.weight has shape [2]"],
    );
    check(&[("0.weight", &[2, 3]), ("1.bias", &[2])], "", &["tensor 1.bias is a bias without a matrix"]);
    let half: [(&str, &[usize]); 3] = [("0.weight", &[2, 3]), ("0.bias", &[2]), ("1.weight", &[1, 2])];
    check(&half, "", &["matrix 1.weight has no bias beside it, and another layer has 0.bias"]);
    let turned: [(&str, &[usize]); 4] =
        [("0.weight", &[3, 4]), ("0.bias", &[4]), ("1.weight", &[4, 2]), ("1.bias", &[2])];
    let transposes = "its columns must be the 3 coordinates of the data; the transposes of all matrices do chain, so store those";
    check(&turned, "", &[transposes]);
    check(&turned, "0.weight 1.weight", &[transposes]);
    // Named, it is what it is.
    assert_eq!(open(&half, "0.weight 1.weight").unwrap().biases(), Some(("0.bias", 1)));
    check(
        &half,
        "0.bias 0.weight",
        &["0.bias has shape [2], so it is a bias, and it does not stand behind its matrix"],
    );
    let beside = open(&[("W1", &[2, 3]), ("W2", &[1, 2]), ("b2", &[1])], "").unwrap_err();
    assert!(chain(&beside).contains("matrix W1 has no bias beside it"), "{beside}");
}

#[test]
fn biases_are_finite_numbers_of_a_type_that_is_read() {
    let files = Files::new();
    let all: [(&str, &[usize]); 2] = [("0.weight", &[2, 1]), ("0.bias", &[2])];
    let path = files.put("w.safetensors", &file(&all, &[1.0, 2.0, 3.0, f32::NAN]));
    check_refused(&path, weights(&path, 1), "tensor 0.bias, column 1 (from 0) is NaN");
    let header = r#"{"0.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"0.bias":{"dtype":"I64","shape":[1],"data_offsets":[4,12]}}"#;
    let path = files.put("w.safetensors", &tensors(header, &[0; 12]));
    check_refused(&path, weights(&path, 1), "tensor 0.bias is of type I64; use F32, F64, F16 or BF16");
}

#[test]
fn files_of_other_formats_are_refused_with_how_to_convert_them() {
    let files = Files::new();
    let check = |name: &str, bytes: &[u8], says: &str| {
        let path = files.put(name, bytes);
        check_refused(&path, weights(&path, 1), says);
    };
    check("model.pt", b"PK\x03\x04 and more", "safetensors.torch.save_file(torch.load(FILE");
    check("a.npz", b"PK\x03\x04 and more", "safetensors.numpy.save_file(dict(numpy.load(FILE)), NEW)");
    check("model.safetensors.index.json", b"{\"weight_map\": {}}", "several files");
    check("params.msgpack", b"\x81\xa6params\x81", "flax");
}
