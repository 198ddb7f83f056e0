//! `--layers-out`: the matrices of every layer as a program of another language would read them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

fn eoc(at: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eoc")).args(line.split(' ')).current_dir(at).output().unwrap()
}

/// Header and values of a .npy file.
fn array(bytes: &[u8]) -> (String, Vec<f64>) {
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values = bytes[end..].chunks_exact(8).map(|v| f64::from_le_bytes(v.try_into().unwrap())).collect();
    (String::from_utf8(bytes[10..end].to_vec()).unwrap(), values)
}

fn arrays(path: &Path) -> BTreeMap<String, (String, Vec<f64>)> {
    let mut archive = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let mut read = |name: String| {
        let mut bytes = Vec::new();
        archive.by_name(&name).unwrap().read_to_end(&mut bytes).unwrap();
        (name, array(&bytes))
    };
    names.into_iter().map(&mut read).collect()
}

/// scale · Σ_k (activations ⊗ 1 1ᵀ) ∘ gradients of every seed.
fn kernels(layers: &BTreeMap<String, (String, Vec<f64>)>, [depth, n, m]: [usize; 3], scale: f64) -> Vec<f64> {
    let q = n * m;
    let (a, b) = (&layers["activations.npy"].1, &layers["gradients.npy"].1);
    let seeds = a.chunks(depth * n * n).zip(b.chunks(depth * q * q));
    seeds
        .flat_map(|(a, b)| {
            let entry = move |at: usize| {
                let (i, j) = (at / q / m, at % q / m);
                scale * (0..depth).map(|k| a[k * n * n + i * n + j] * b[k * q * q + at]).sum::<f64>()
            };
            (0..q * q).map(entry)
        })
        .collect()
}

fn agree(x: &[f64], y: &[f64]) {
    assert_eq!(x.len(), y.len());
    let size = y.iter().fold(0.0f64, |most, v| most.max(v.abs()));
    assert!(x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 1e-13 * size));
}

#[test]
fn layers_add_up_to_the_kernels_and_given_weights_have_those_of_their_seed() {
    let temp = tempfile::tempdir().unwrap();
    let at = temp.path();
    let data = "--activation relu --widths 6,5 --outputs 2 --scale 2.5 --data gaussian:n=3,dim=4,seed=1 --device cpu";
    for sampler in ["conditional", "direct"] {
        let line = format!(
            "sample {data} --sampler {sampler} --seeds 4..7 --precision f64 --out k.npy --layers-out l.npz"
        );
        let output = eoc(at, &line);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stdout).unwrap();
        let expected = "l.npz: shape activations (3, 3, 3, 3), gradients (3, 3, 6, 6), seeds 4..7";
        assert!(said.lines().count() == 2 && said.contains(expected), "{said}");
        let layers = arrays(&at.join("l.npz"));
        assert!(layers["activations.npy"].0.contains("'shape': (3, 3, 3, 3)"));
        assert!(layers["gradients.npy"].0.contains("'shape': (3, 3, 6, 6)"));
        agree(&kernels(&layers, [3, 3, 2], 2.5), &array(&fs::read(at.join("k.npy")).unwrap()).1);
    }
    // l.npz is of the direct sampler now: the weights of its first seed have its layers.
    let direct = arrays(&at.join("l.npz"));
    let network = "--widths 6,5 --outputs 2 --data gaussian:n=3,dim=4,seed=1";
    assert!(eoc(at, &format!("weights {network} --seed 4 --out w.safetensors")).status.success());
    let data = "--activation relu --scale 2.5 --data gaussian:n=3,dim=4,seed=1 --device cpu --precision f64";
    // Where standard output is a file of the command, it holds nothing else.
    let line = format!("kernel --weights w.safetensors {data} --out k.npy --layers-out - --spectrum e.npy");
    let output = eoc(at, &line);
    fs::write(at.join("piped.npz"), &output.stdout).unwrap();
    let lines = String::from_utf8_lossy(&output.stderr).matches(": shape ").count();
    assert_eq!((output.status.code(), lines, arrays(&at.join("piped.npz")).len()), (Some(0), 3, 2));
    let line = format!("kernel --weights w.safetensors {data} --out k.npy --layers-out given.npz");
    let output = eoc(at, &line);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (name, (_, values)) in arrays(&at.join("given.npz")) {
        assert_eq!(values, direct[&name].1[..values.len()], "{name}");
        assert_eq!(3 * values.len(), direct[&name].1.len());
    }
    let output = eoc(at, &format!("kernel --weights w.safetensors {data} --out x.npz --layers-out ./x.npz"));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("name one file") && !at.join("x.npz").exists());
}
