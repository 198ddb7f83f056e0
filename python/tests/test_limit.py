"""eoc.limit against the program, the formulas, and the conventions of neural-tangents."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

import eoc


def test_the_limit_is_that_of_the_program_to_the_bit(points, program, tmp_path):
    np.save(tmp_path / "x.npy", points)
    options = ["--data", "x.npy", "--activation", "relu", "--widths", "64,32", "--outputs", 2, "--scale", 1.5]
    program("limit", *options, "--out", "l.npy")
    report = json.loads(program("limit", *options, "--json"))
    found = eoc.limit(points, activation="relu", widths=[64, 32], outputs=2, scale=1.5)
    np.testing.assert_array_equal(found.ntk, np.load(tmp_path / "l.npy"))
    np.testing.assert_array_equal(found.ntk[::2, ::2], report["ntk"])
    np.testing.assert_array_equal(found.eigenvalues, report["eigenvalues"][-1])
    np.testing.assert_array_equal(found.delta, report["delta"][-1])
    assert found.bound._asdict() == report["bound"]
    assert found.relative_sd_diagonal == report["relative_sd_diagonal"]
    assert found.theory == report["theory"]
    # Two points are equal, so that the limit is singular.
    assert found.condition_number == np.inf and report["condition_number"][-1] is None
    assert found.by_depth["depths"].tolist() == [1, 2, 3]
    assert found.by_depth["delta"].shape == (3, 5, 5)


def test_what_needs_widths_is_none_without_them(points):
    found = eoc.limit(points, activation="abs", depth=3)
    assert found.bound is None and found.relative_sd_diagonal is None
    assert found.nngp.shape == (5, 5)
    assert repr(found) == "<eoc.Limit of 5 points>"
    with pytest.raises(ValueError, match="depth, the number of weight matrices, is missing"):
        eoc.limit(points, activation="abs")


def neural_tangents(x, depth, std):
    """The NTK of stax.serial(Dense(m, std), Relu(), ..., Dense(1, std)) as neural-tangents publishes it: arc-cosine kernels
    of degree 1 and 0 (Cho and Saul 2009), NTK parameterisation, no biases."""
    covariance = std**2 * x @ x.T / x.shape[1]
    ntk = covariance
    for _ in range(depth - 1):
        norms = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
        angle = np.arccos(np.clip(covariance / norms, -1, 1))
        covariance = std**2 * norms * (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
        ntk = covariance + ntk * std**2 * (np.pi - angle) / (2 * np.pi)
    return ntk


def test_a_network_of_neural_tangents_is_ours_times_its_squared_w_std():
    x = np.random.default_rng(3).normal(size=(6, 4))
    for depth in [1, 2, 5]:
        found = eoc.limit(x, activation="relu", depth=depth, scale=2.0).ntk
        np.testing.assert_allclose(found, neural_tangents(x, depth, np.sqrt(2)), rtol=1e-9)


def test_a_limit_without_an_activation_is_refused(points):
    with pytest.raises(ValueError, match="the activation is missing; give"):
        eoc.limit(points, activation=None, depth=3)
    with pytest.raises(ValueError, match="outputs is None; give a positive integer"):
        eoc.limit(points, activation="abs", depth=3, outputs=None)


def test_a_limit_can_be_pickled(points):
    given = points.copy()
    found = eoc.limit(given, activation=[0.6, 0.4], widths=iter([64, 32]), outputs=2)
    # The array of the caller is not looked at again.
    given[:] = 0.0
    for limit in [found, found]:
        again = pickle.loads(pickle.dumps(limit))
        np.testing.assert_array_equal(again.ntk, found.ntk)
        np.testing.assert_array_equal(again.eigenvalues, found.eigenvalues)
        assert again.bound == found.bound and again.theory == found.theory
        assert again.relative_sd_diagonal == found.relative_sd_diagonal
    np.testing.assert_array_equal(copy.deepcopy(found).delta, found.delta)
