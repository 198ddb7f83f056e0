"""eoc.width against the program."""

from __future__ import annotations

import json
import pickle
import time

import numpy as np
import pytest

import eoc

ASKED = {"activation": "abs", "depth": 2, "tolerance": 0.2, "confidence": 0.5, "resolution": 2.0, "max_networks": 2000}


def test_the_answer_is_that_of_the_program(points, program, tmp_path):
    np.save(tmp_path / "x.npy", points)
    options = "--activation abs --depth 2 --tolerance 0.2 --confidence 0.5 --resolution 2 --max-networks 2000 --data x.npy --device cpu"
    expected = json.loads(program("width", *options.split(), "--json"))
    found = eoc.width(points, **ASKED, device="cpu")
    assert (found.low, found.high, found.networks) == (expected["m_low"], expected["m_high"], expected["networks"])
    assert found.exponent == expected["exponent"] and found.ending == "resolved"
    for name, column in found.looks.items():
        assert column.tolist() == [look[name] for look in expected["looks"]], name


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"tolerance": -1.0}, "tolerance -1 is out of range"),
        ({"confidence": 1.0}, "confidence 1 is out of range"),
        ({"depth": 1}, "depth 1 has no hidden layer"),
        ({"depth": None}, "depth"),
        ({"norm": "nuclear"}, "nuclear"),
        ({"alpha": 0}, "alpha is 0; give a probability"),
        ({"max_networks": -5}, "max_networks is -5"),
        ({"max_seconds": 0}, "max_seconds is 0"),
        ({"max_seconds": -1e300}, "max_seconds is -1e+300; give a positive number of seconds"),
        ({"alpha": 1e300}, "alpha is 1e+300; give a probability"),
        ({"activation": None}, "the activation is missing; give"),
        ({"outputs": None}, "outputs is None; give a positive integer"),
        ({"first_seed": None}, "first_seed is None; give an integer from 0 to 9223372036854775807"),
        ({"first_seed": -1}, "first_seed is -1; give an integer from 0"),
        ({"first_seed": 2**63}, "first_seed is 9223372036854775808; give an integer from 0 to 9223372036854775807"),
    ],
)
def test_what_has_no_answer_is_a_value_error(points, changed, sentence):
    with pytest.raises(ValueError) as refused:
        eoc.width(points, **{**ASKED, **changed})
    assert sentence in str(refused.value)


def test_a_time_that_nobody_sees_the_end_of_ends_nothing(points):
    assert eoc.width(points, **ASKED, max_seconds=1e300, device="cpu").ending == "resolved"


def test_what_is_known_at_the_end_of_the_time_is_the_answer(points):
    # So much is asked that the time ends it, among draws that follow from the seeds alone.
    asked = {**ASKED, "tolerance": 0.05, "confidence": 0.99, "resolution": 1.01, "max_networks": None}
    cut = eoc.width(points, **asked, max_seconds=1.0, device="cpu")
    assert cut.ending == "time" and cut.networks > 0
    assert cut.networks == cut.looks["seeds"].sum()
    same = eoc.width(points, **{**asked, "max_networks": cut.networks}, device="cpu")
    for name, column in cut.looks.items():
        assert column.tolist() == same.looks[name].tolist(), name
    assert (cut.low, cut.high, cut.exponent) == (same.low, same.high, same.exponent)


def test_the_time_is_over_in_the_middle_of_a_decomposition():
    # Some seconds for the limit alone, and for each draw.
    x = np.random.default_rng(0).normal(size=(3000, 20))
    begun = time.monotonic()
    found = eoc.width(x, activation="relu", depth=3, tolerance=0.3, confidence=0.9, max_seconds=0.1, device="cpu")
    print(f"answered {time.monotonic() - begun:.2f} s after the call")
    assert (found.low, found.high, found.networks, found.ending) == (0, None, 0, "time")
    assert all(len(column) == 0 for column in found.looks.values())


def test_answers_are_compared_as_objects_and_can_be_keys(points):
    one, other = eoc.width(points, **ASKED, device="cpu"), eoc.width(points, **ASKED, device="cpu")
    assert one == one and one != other and len({one, other}) == 2
    again = pickle.loads(pickle.dumps(one))
    assert (again.low, again.high) == (one.low, one.high)


def test_the_docstring_has_returns_and_raises():
    assert "Returns\n" in eoc.width.__doc__ and "Raises\n" in eoc.width.__doc__
