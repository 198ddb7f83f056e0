"""eoc.sample and eoc.weights: the numbers of the program, in every form in which they can be asked for."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from conftest import has_gpu

import eoc

RELU = {"activation": "relu", "depth": 3, "width": 8}


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({"activation": "abs", "depth": 3, "width": 16, "seeds": 3}, ["--activation", "abs", "--depth", 3, "--width", 16, "--seeds", 3]),
        (
            {"activation": (0.6, -0.4), "widths": [5, 9], "outputs": 2, "scale": 2.5, "seeds": range(7, 9), "sampler": "direct"},
            ["--activation=0.6,-0.4", "--widths", "5,9", "--outputs", 2, "--scale", 2.5, "--seeds", "7..9", "--sampler", "direct"],
        ),
        (
            {"activation": "relu", "depth": 4, "width": 6, "schedule": "quadratic", "normalize": "sphere", "sampler": "conditional"},
            ["--activation", "relu", "--depth", 4, "--width", 6, "--schedule", "quadratic", "--normalize", "sphere", "--sampler", "conditional"],
        ),
    ],
)
def test_samples_are_those_of_the_program_to_the_bit(points, program, tmp_path, arguments, options):
    np.save(tmp_path / "x.npy", points)
    program("sample", "--data", "x.npy", "--device", "cpu", "--out", "k.npy", "-q", *options)
    found = eoc.sample(points, device="cpu", **arguments)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.load(tmp_path / "k.npy"))


@pytest.mark.skipif(not has_gpu(), reason="no GPU that can be used, not even a software adapter")
def test_samples_on_a_gpu_are_those_of_the_program_to_the_bit(points, program, tmp_path):
    np.save(tmp_path / "x.npy", points)
    program("sample", "--data", "x.npy", "--device", "gpu", "--activation", "abs", "--depth", 3, "--width", 16, "--out", "k.npy")
    found = eoc.sample(points, activation="abs", depth=3, width=16, device="gpu")
    np.testing.assert_array_equal(found, np.load(tmp_path / "k.npy"))


def test_double_precision_and_threads_are_those_of_the_program(points, program, tmp_path):
    np.save(tmp_path / "x.npy", points)
    program("sample", "--data", "x.npy", "--activation", "abs", "--depth", 2, "--width", 40, "--precision", "f64", "--out", "k.npy")
    found = eoc.sample(points, activation="abs", depth=2, width=40, precision="f64", threads=1)
    np.testing.assert_array_equal(found, np.load(tmp_path / "k.npy"))


def test_seeds_are_a_count_a_range_or_a_pair(points):
    every = eoc.sample(points, **RELU, seeds=5)
    assert every.shape == (5, 5, 5)
    np.testing.assert_array_equal(every, np.swapaxes(every, 1, 2))
    for seeds in [range(2, 4), (2, 4), (np.int64(2), np.uint8(4))]:
        np.testing.assert_array_equal(eoc.sample(points, **RELU, seeds=seeds), every[2:4])
    np.testing.assert_array_equal(eoc.sample(points, **RELU, seeds=np.int32(5)), every)


def test_points_are_any_array_of_real_numbers():
    x = [[1, 2], [3, -4]]
    expected = eoc.sample(np.array(x, dtype=np.float64), **RELU)
    for same in [x, np.array(x), np.array(x, dtype=np.float32), np.asfortranarray(np.array(x)), np.array(x * 2)[:2]]:
        np.testing.assert_array_equal(eoc.sample(same, **RELU), expected)


def test_layers_add_up_to_the_kernel(points):
    drawn = eoc.sample(points, **RELU, outputs=2, scale=3.0, seeds=4, layers=True)
    assert drawn.activations.shape == (4, 3, 5, 5)
    assert drawn.gradients.shape == (4, 3, 10, 10)
    repeated = np.kron(drawn.activations, np.ones((2, 2)))
    together = 3.0 * (repeated * drawn.gradients).sum(axis=1)
    np.testing.assert_allclose(together, drawn.kernels, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(drawn.kernels, eoc.sample(points, **RELU, outputs=2, scale=3.0, seeds=4))


def kernel(x, weights, a, b):
    """K of given weights, straight from the formulas."""
    sigma = np.hypot(a, b)
    activations, slopes = [x / np.sqrt(x.shape[1])], []
    for w in weights[:-1]:
        z = activations[-1] @ w.T
        norm = sigma * np.sqrt(len(w))
        activations.append((a * z + b * np.abs(z)) / norm)
        slopes.append((a + b * np.sign(z)) / norm)
    n, outputs = len(x), len(weights[-1])
    back = np.tile(np.eye(outputs), (n, 1))
    total = np.zeros((n * outputs, n * outputs))
    for k in reversed(range(len(weights))):
        total += np.kron(activations[k] @ activations[k].T, np.ones((outputs, outputs))) * (back @ back.T)
        if k > 0:
            back = np.repeat(slopes[k - 1], outputs, axis=0) * (back @ weights[k])
    return total


def test_weights_are_those_of_the_direct_sampler(points):
    shape = {"widths": [7, 6], "outputs": 2}
    theta = eoc.weights(3, **shape, seed=11)
    assert [w.shape for w in theta] == [(7, 3), (6, 7), (2, 6)]
    assert all(w.dtype == np.float32 for w in theta)
    drawn = eoc.sample(points, activation=(0.3, 0.7), **shape, seeds=(11, 12), sampler="direct", precision="f64")
    expected = kernel(points, [w.astype(float) for w in theta], 0.3, 0.7)
    np.testing.assert_allclose(drawn[0], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"activation": "tanh"}, 'activation "tanh" is unknown'),
        ({"activation": (0.0, 0.0)}, "zero function"),
        ({"activation": 3}, "activation is 3; give"),
        ({"depth": -3}, "depth is -3; give a positive integer"),
        ({"depth": 0}, "depth 0 is out of range"),
        ({"depth": 10**30}, "depth is 1000000000000000000000000000000, which is too large"),
        ({"depth": 2.5}, "depth is 2.5; give a positive integer"),
        ({"depth": True}, "depth is True; give a positive integer"),
        ({"depth": "3"}, "depth is '3'; give a positive integer"),
        ({"depth": None}, "depth, the number of weight matrices, is missing"),
        ({"width": None}, "depth 3 needs a width, or widths with 2 hidden widths"),
        ({"width": 2**32}, "width 4294967296 of hidden layer 1 is out of range"),
        ({"widths": [4, 4]}, "width and widths exclude each other"),
        ({"width": None, "widths": "4,4"}, "widths is '4'; give a positive integer"),
        ({"width": None, "widths": [4, 4], "schedule": "linear"}, "schedule goes with width"),
        ({"schedule": "cubic"}, 'schedule "cubic" is unknown'),
        ({"outputs": -1}, "outputs is -1"),
        ({"outputs": None}, "outputs is None; give a positive integer"),
        ({"activation": None}, "the activation is missing; give"),
        ({"scale": float("nan")}, "scale NaN is out of range"),
        ({"scale": "big"}, "scale is 'big'; give a number"),
        ({"normalize": "l2"}, "l2"),
        ({"seeds": 0}, "seeds is 0, which is empty"),
        ({"seeds": "3"}, "seeds is '3', which is no count and no range; give a count such as 64"),
        ({"seeds": [0, 1, 2]}, "which is no count and no range"),
        ({"seeds": (5, 5)}, "which is empty"),
        ({"seeds": (-2, 2)}, "seeds is (-2, 2), in which -2 is below 0; give a count such as 64, or range(start, stop) with 0 <= start"),
        ({"seeds": range(-2, 2)}, "in which -2 is below 0"),
        ({"seeds": (0, "x")}, "in which 'x' is no integer"),
        ({"seeds": (0, 2**70)}, "which goes too far"),
        ({"seeds": 2**70}, "which goes too far"),
        ({"seeds": -5}, "seeds is -5, which is below 0; give a count such as 64"),
        ({"seeds": 2.5}, "seeds is 2.5, which is no integer; give a count such as 64"),
        ({"seeds": range(0, 10, 2)}, "another step than 1"),
        ({"seeds": 2**63 + 1}, "which goes too far"),
        ({"seeds": 2**62}, "ask for fewer seeds at a time"),
        ({"sampler": "exact"}, 'sampler "exact" is unknown'),
        ({"precision": "f8"}, 'precision "f8" is unknown'),
        ({"precision": "f16", "device": "cpu"}, 'use precision="f32" or precision="f64" with device="cpu"'),
        ({"device": "tpu"}, 'device "tpu" is unknown'),
        ({"device": "gpu:no such card"}, "no"),
        ({"threads": 0}, "threads 0 is out of range"),
        ({"width": 4_000_000_000, "sampler": "direct", "device": "cpu"}, 'use sampler="conditional", whose memory does not grow'),
    ],
)
def test_what_cannot_be_used_is_a_value_error_in_a_sentence(points, changed, sentence):
    with pytest.raises(ValueError) as refused:
        eoc.sample(points, **{**RELU, **changed})
    assert sentence in str(refused.value)
    # Parameters have no dashes before them.
    assert "--" not in str(refused.value)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ([1.0, 2.0], "X.reshape(1, -1)"),
        (3.0, "X is a single number"),
        (np.zeros((2, 2, 2)), "X is of shape (2, 2, 2)"),
        ([["a", "b"]], "give real numbers"),
        ([[1.0], [1.0, 2.0]], "give rows of one length"),
        (np.ma.masked_less(np.ones((2, 2)) * [1, 0], 0.5), "X is masked in places"),
        (np.ones((2, 2), dtype=complex), "give real numbers"),
        (np.zeros((0, 3)), "X has shape (0, 3); give at least one row"),
        (np.zeros((4, 0)), "X has shape (4, 0); give at least one row, each with at least one number"),
        ([[1.0, float("nan")]], "row 0"),
    ],
)
def test_what_is_no_set_of_points_is_a_value_error(x, sentence):
    with pytest.raises(ValueError) as refused:
        eoc.sample(x, **RELU)
    assert sentence in str(refused.value)


def test_other_threads_run_meanwhile(points):
    class Enough(Exception):
        pass

    enough, ended = threading.Event(), threading.Event()

    def report(done, total):
        if enough.is_set():
            raise Enough

    def work():
        try:
            eoc.sample(points, activation="relu", depth=3, width=64, seeds=10**6, device="cpu", threads=1, progress=report)
        except Enough:
            ended.set()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    # A lock that is held would let this thread go on when the million networks are drawn, and nobody raises then.
    count = sum(1 for _ in range(10**5))
    enough.set()
    assert count == 10**5 and ended.wait(60)


def test_an_exception_of_the_progress_stops_the_work(points):
    class Enough(Exception):
        pass

    def report(done, total):
        assert 0 < done <= total == 10**6
        raise Enough

    with pytest.raises(Enough):
        eoc.sample(points, activation="relu", depth=3, width=64, seeds=10**6, device="cpu", progress=report)


@pytest.mark.parametrize("seed", [-1, 2**63, 0.5, None, True])
def test_what_is_no_seed_is_a_value_error(seed):
    with pytest.raises(ValueError) as refused:
        eoc.weights(3, depth=2, width=4, seed=seed)
    assert str(refused.value) == f"seed is {seed}; give an integer from 0 to {2**63 - 1}"


def test_layers_are_compared_as_objects_and_can_be_keys(points):
    one, other = (eoc.sample(points, **RELU, layers=True) for _ in range(2))
    assert one == one and one != other and len({one, other}) == 2
