"""eoc.kernel: the kernel of given weights, against the program, an independent network, and differences."""

from __future__ import annotations

import json
import struct
import warnings

import numpy as np
import pytest
from conftest import has_gpu

import eoc

A, B = 0.6, 0.4


def parameters(sizes, seed=0):
    """Weights and biases as training leaves them."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(m, below)) * np.sqrt(2 / below) for below, m in zip(sizes[:-1], sizes[1:], strict=True)]
    return weights, [0.1 * rng.normal(size=len(w)) for w in weights]


def store(path, tensors):
    """A file of .safetensors, by its description."""
    header, offset = {}, 0
    for name, value in tensors.items():
        header[name] = {
            "dtype": {"f4": "F32", "f8": "F64", "f2": "F16"}[value.dtype.str[1:]],
            "shape": list(value.shape),
            "data_offsets": [offset, offset + value.nbytes],
        }
        offset += value.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(value.tobytes() for value in tensors.values()))


def named(weights, biases):
    tensors = {f"W{k}": w for k, w in enumerate(weights, 1)}
    return tensors | {f"b{k}": c for k, c in enumerate(biases or [], 1)}


def outputs(x, weights, biases):
    """f(x) of the standard parameterization, (n*m_l,), point-major."""
    h = x
    for k, (w, c) in enumerate(zip(weights, biases, strict=True)):
        h = h @ w.T + c
        if k + 1 < len(weights):
            h = A * h + B * np.abs(h)
    return h.ravel()


def jacobian(x, weights, biases, step=1e-6):
    """By central differences, a column for every parameter."""
    columns = []
    for array in [*weights, *biases]:
        for at in np.ndindex(array.shape):
            kept = array[at]
            array[at] = kept + step
            up = outputs(x, weights, biases)
            array[at] = kept - step
            down = outputs(x, weights, biases)
            array[at] = kept
            columns.append((up - down) / (2 * step))
    return np.array(columns).T


def test_the_kernel_is_that_of_the_jacobian_by_differences(points):
    weights, biases = parameters([3, 7, 6, 2])
    expected = (j := jacobian(points, weights, biases)) @ j.T
    found = eoc.kernel(points, weights, biases, activation=(A, B), parameterization="standard", precision="f64", device="cpu")
    assert found.shape == (10, 10) and found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7 * np.abs(expected).max())
    np.testing.assert_array_equal(found, found.T)
    # What the comparison must see: a bias that nobody trains.
    without = eoc.kernel(points, weights, [biases[0], None, biases[2]], activation=(A, B), parameterization="standard")
    assert np.abs(without - expected).max() > 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("device", ["cpu", "gpu"])
@pytest.mark.parametrize(("parameterization", "dtype"), [("ntk", "f4"), ("standard", "f4"), ("standard", "f2"), ("standard", "f8")])
def test_kernels_are_those_of_the_program_to_the_bit(points, program, tmp_path, device, parameterization, dtype):
    if device == "gpu" and not has_gpu():
        pytest.skip("no GPU that can be used, not even a software adapter")
    weights, biases = parameters([3, 33, 20, 2])
    weights = [w.astype(dtype) for w in weights]
    biases = None if parameterization == "ntk" else [c.astype(dtype) for c in biases]
    if parameterization == "ntk":
        weights = [(w * np.sqrt(w.shape[1] / 2)).astype(dtype) for w in weights]
    np.save(tmp_path / "x.npy", points)
    np.save(tmp_path / "y.npy", 2 * points[:2])
    store(tmp_path / "w.safetensors", named(weights, biases))
    options = f"--weights w.safetensors --parameterization {parameterization} --activation {A},{B} --scale 1.5 --device {device}"
    options += " --data x.npy"
    program("kernel", *options.split(), "--out", "k.npy", "--layers-out", "l.npz")
    program("kernel", *options.split(), "--out", "a.npy", "--against", "y.npy")
    given = {"activation": (A, B), "parameterization": parameterization, "scale": 1.5, "device": device}
    found = eoc.kernel(points, weights, biases, **given)
    np.testing.assert_array_equal(found, np.load(tmp_path / "k.npy"))
    np.testing.assert_array_equal(eoc.kernel(points, weights, biases, against=2 * points[:2], **given), np.load(tmp_path / "a.npy"))
    layers = eoc.kernel(points, weights, biases, layers=True, **given)
    np.testing.assert_array_equal(layers.kernel, found)
    theirs = np.load(tmp_path / "l.npz")
    np.testing.assert_array_equal(layers.activations, theirs["activations"][0])
    np.testing.assert_array_equal(layers.gradients, theirs["gradients"][0])
    together = 1.5 * (np.kron(layers.activations, np.ones((2, 2))) * layers.gradients).sum(axis=0)
    np.testing.assert_allclose(together, found, rtol=1e-5, atol=1e-5 * np.abs(found).max())


def test_weights_of_a_seed_have_the_kernel_of_that_seed(points):
    shape = {"depth": 4, "width": 16, "outputs": 2}
    theta = eoc.weights(3, **shape, seed=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = eoc.kernel(points, theta, activation="relu", precision="f64")
    drawn = eoc.sample(points, activation="relu", **shape, seeds=(5, 6), sampler="direct", precision="f64")
    np.testing.assert_allclose(found, drawn[0], rtol=1e-13, atol=1e-13)


def test_tiles_move_no_bit():
    x = np.random.default_rng(1).normal(size=(230, 3))
    weights, biases = parameters([3, 12, 10])
    told = []
    given = {"activation": "relu", "parameterization": "standard", "device": "cpu"}
    whole = eoc.kernel(x, weights, biases, progress=lambda *of: told.append(of), **given)
    assert whole.shape == (2300, 2300) and told[-1] == (3, 3)
    part = eoc.kernel(x[[0, 229]], weights, biases, **given)
    rows = np.r_[:10, 2290:2300]
    np.testing.assert_array_equal(whole[np.ix_(rows, rows)], part)
    np.testing.assert_array_equal(eoc.kernel(x[:200], weights, biases, against=x[200:], **given), whole[:2000, 2000:])


def test_weights_are_whatever_holds_numbers(points):
    weights, biases = parameters([3, 9, 2])
    given = {"activation": "relu", "parameterization": "standard", "precision": "f64", "device": "cpu"}
    expected = eoc.kernel(points, weights, biases, **given)

    class Tensor:
        """As much of a tensor of PyTorch as is looked at; one that is trained gives itself to numpy only when detached."""

        def __init__(self, value, trained=True):
            self.value, self.trained = value, trained

        def detach(self):
            return Tensor(self.value, False)

        def cpu(self):
            return self

        def double(self):
            return Tensor(self.value.astype(float), self.trained)

        def __array__(self, dtype=None, copy=None):
            if self.trained:
                raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
            return self.value

    for same, offsets in [
        ([w.tolist() for w in weights], [c.tolist() for c in biases]),
        ([np.asfortranarray(w) for w in weights], tuple(biases)),
        ([Tensor(w) for w in weights], [Tensor(c) for c in biases]),
        ((w for w in weights), (c for c in biases)),
        ([w.astype(">f8") for w in weights], biases),
    ]:
        np.testing.assert_array_equal(eoc.kernel(points, same, offsets, **given), expected)
    narrow = [w.astype(np.float16) for w in weights]
    wide = [w.astype(np.float64) for w in narrow]
    np.testing.assert_array_equal(eoc.kernel(points, narrow, **given), eoc.kernel(points, wide, **given))


def test_trained_weights_in_the_wrong_parameterization_are_warned_of(points):
    weights, biases = parameters([3, 200, 2])
    with pytest.warns(RuntimeWarning, match=r'W2 is no draw from N\(0,1\), .* parameterization="standard"'):
        eoc.kernel(points, weights, activation="relu")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eoc.kernel(points, weights, biases, activation="relu", parameterization="standard")


WEIGHTS, BIASES = parameters([3, 4, 2])


@pytest.mark.parametrize(
    ("weights", "changed", "sentence"),
    [
        ([], {}, "weights is empty"),
        ("model.safetensors", {}, "weights is the text 'model.safetensors'; give a list of matrices"),
        ({"W1": WEIGHTS[0]}, {}, "weights is a mapping, and the order of layers is not in it"),
        (3, {}, "weights is 3; give a list of matrices"),
        ([[[1, 2], [3]]], {}, "weights[0] is no array of numbers"),
        ([WEIGHTS[0], WEIGHTS[1][0]], {}, "weights[1] is of shape (4,); give an array of two dimensions"),
        ([WEIGHTS[0], 1j * WEIGHTS[1]], {}, "weights[1] holds complex128 entries; give real numbers"),
        (
            [w.T for w in WEIGHTS],
            {},
            "weights[0] has shape (3, 4), and its columns must be the 3 coordinates of X; these are stored as (in, out)",
        ),
        ([WEIGHTS[0], np.ones((2, 5))], {}, "weights[1] has shape (2, 5), and its columns must be the 4 rows of weights[0]"),
        ([WEIGHTS[0], np.full((2, 4), np.nan)], {}, "W2 has NaN in row 0, column 0"),
        ([WEIGHTS[0], np.ones((0, 4))], {}, "weights[1] has shape (0, 4); give a matrix with at least one row and one column"),
        ([np.ones((0, 5)), np.ones((2, 0))], {}, "weights[0] has shape (0, 5); give a matrix with at least one row"),
        (WEIGHTS, {"biases": BIASES[:1]}, "there are 1 biases and 2 weights"),
        (WEIGHTS, {"biases": BIASES[::-1]}, "biases[0] has 2 numbers, and weights[0] 4 rows"),
        (WEIGHTS, {"biases": WEIGHTS}, "biases[0] is of shape (4, 3); give a vector"),
        (
            WEIGHTS,
            {"biases": BIASES, "parameterization": "ntk"},
            'layer 1 has a bias, and networks in the ntk parameterization have none; use parameterization="standard"',
        ),
        (WEIGHTS, {"parameterization": "mup"}, 'parameterization "mup" is unknown; use ntk or standard'),
        (WEIGHTS, {"scale": 0.0}, "scale 0"),
        (WEIGHTS, {"against": np.ones((2, 4))}, "the points of against have 4 coordinates, and those of X 3"),
        (WEIGHTS, {"against": np.ones(3)}, "against is of shape (3,)"),
        (WEIGHTS, {"against": np.ones((2, 3)), "layers": True}, "leave out against"),
        (WEIGHTS, {"precision": "f64", "device": "gpu"}, "f64"),
        (WEIGHTS, {"precision": "f16", "device": "cpu"}, "f16"),
        (WEIGHTS, {"threads": -1}, "threads is -1"),
        (WEIGHTS, {"activation": "tanh"}, 'activation "tanh" is unknown'),
        (WEIGHTS, {"activation": None}, "the activation is missing; give"),
        (WEIGHTS, {"against": np.ones((2, 0))}, "against has shape (2, 0); give at least one row"),
    ],
)
def test_what_is_no_network_is_a_value_error(points, weights, changed, sentence):
    arguments = {"activation": "relu", "parameterization": "standard", "device": "cpu", **changed}
    with pytest.raises(ValueError) as refused:
        eoc.kernel(points, weights, **arguments)
    assert sentence in str(refused.value)


def test_numbers_that_leave_the_range_are_a_runtime_error(points):
    weights = [1e30 * w for w in parameters([3, 4, 4, 2])[0]]
    with pytest.raises(RuntimeError, match='the kernel of these weights: .*precision="f64"'):
        eoc.kernel(points, weights, activation="relu", parameterization="standard", device="cpu")
