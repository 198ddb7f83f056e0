"""eoc.width against the program."""

from __future__ import annotations

import json

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
    ],
)
def test_what_has_no_answer_is_a_value_error(points, changed, sentence):
    with pytest.raises(ValueError) as refused:
        eoc.width(points, **{**ASKED, **changed})
    assert sentence in str(refused.value)
