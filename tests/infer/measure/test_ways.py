from __future__ import annotations

import pytest

from rtskin.errors import InputError, UnknownNameError
from rtskin.infer.measure.ways import Measured, Way, parse_way


@pytest.mark.parametrize(
    "text",
    [
        "onnxruntime",
        "openvino:precision=bf16",
        "onnxruntime:spinning=true:inter_threads=2",
        "torch:mode=compile+inference_mode",
    ],
)
def test_a_way_reads_as_it_is_written(text: str) -> None:
    assert str(parse_way(text)) == text


def test_options_have_the_type_of_their_defaults() -> None:
    way = parse_way("onnxruntime:spinning=true:inter_threads=2", "cpu", 3)
    assert way == Way("onnxruntime", "cpu", 3, {"spinning": True, "inter_threads": 2})
    assert type(way.options["inter_threads"]) is int


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("onnxrutime", UnknownNameError, r"no runtime is called 'onnxrutime'; did you mean onnxruntime\?"),
        ("openvino:precison=bf16", UnknownNameError, r"did you mean precision\?"),
        ("openvino:bf16", InputError, "NAME:KEY=VALUE"),
        ("onnxruntime:spinning=yes", InputError, "say true or false"),
        ("onnxruntime:inter_threads=many", InputError, "'many' is no number"),
    ],
)
def test_what_cannot_be_read(text: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        parse_way(text)


def test_the_report_has_figures_or_the_reason_why_not() -> None:
    good = Measured("m", (32, 16), Way("fake"), {"device": "cpu"}, 0.5, 3.0, [1.0, 2.0, 9.0], 100.0, 0.0)
    said = good.to_json()
    assert (said["p50_ms"], said["p95_ms"], said["runs_a_second"], said["runs"]) == (2.0, 8.3, 500.0, 3)
    assert "ms" not in said
    bad = Measured("m", (32, 16), Way("fake"), error="it is broken").to_json()
    assert bad == {"model": "m", "shape": [32, 16], "way": Way("fake").to_json(), "error": "it is broken"}
