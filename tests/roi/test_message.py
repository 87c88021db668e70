"""The message against its own description, and what is done with figures that JSON does not know."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from rtskin.frame import Frame, Region, RegionEvent, Regions
from rtskin.roi.clock import WallClock
from rtskin.roi.message import Message, Roi, schema
from rtskin.roi.record import Recorder, sent, with_crops
from tests.roi.made import FACE, HAND, INFO, PICTURE, many, regions

NOON = 1_795_262_400_000_000_000  # 2026-11-21T12:00:00Z in nanoseconds


def clock() -> WallClock:
    return WallClock(wall_ns=lambda: NOON, monotonic_ns=lambda: 2_000_000_000)


def test_a_record_says_all_of_it() -> None:
    made = regions(5, HAND, events=(RegionEvent("found", 1, "hand"),), captured_ns=1_987_500_000)
    assert Recorder(mirrored=True, clock=clock())(made, now_ns=2_000_000_000) == {
        "v": 1,
        "seq": 5,
        "pts": 200,
        "time": 0.2,
        "captured_at": "2026-11-21T11:59:59.987500Z",
        "age_ms": 12.5,
        "width": 64,
        "height": 36,
        "mirrored": True,
        "rois": [
            {
                "id": 1,
                "label": "hand",
                "label_score": 0.9,
                "side": "left",
                "box": [3.0, 4.0, 10.0, 12.0],
                "box_norm": [0.046875, 0.111111, 0.15625, 0.333333],
                "crop_box": [-1.5, 2.0, 16.0, 16.0],
                "polygon": [[3.0, 4.0], [13.0, 4.0], [13.0, 16.0]],
                "area": 90.0,
                "score": 0.8765,
                "velocity": [1.23, -20.0],
                "age": 1.25,
                "state": "tracked",
                "landmarks": [[float(number), 2.0, 0.1] for number in range(21)],
                "gesture": "Thumb_Up",
            }
        ],
        "events": [{"kind": "found", "id": 1, "label": "hand"}],
    }


def test_what_is_not_known_is_null_and_what_nobody_asked_for_is_absent() -> None:
    said = Recorder()(Regions(Frame(0, PICTURE, INFO), [FACE]))
    assert (said["pts"], said["time"], said["captured_at"], said["age_ms"]) == (None, None, None, None)
    (roi,) = said["rois"]
    assert roi["crop_box"] is None
    assert not {"side", "landmarks", "gesture", "crop"} & set(roi)


@pytest.mark.parametrize("found", [(), (HAND,), (HAND, FACE), many(200)])
def test_every_message_is_as_its_schema_says(found: tuple[Region, ...]) -> None:
    message = sent(Recorder()(regions(3, *found)), [b"\xff\xd8" for _ in found])
    description = schema()
    jsonschema.Draft202012Validator.check_schema(description)
    check = jsonschema.Draft202012Validator(description, format_checker=jsonschema.FormatChecker())
    for text in (message.json, message.full):
        check.validate(json.loads(text))
        assert len(Message.model_validate_json(text, strict=True).rois) == len(found)


def test_the_message_in_the_readme_is_one() -> None:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(shown))
    assert list(json.loads(shown)) == list(Message.model_fields)


def test_the_schema_refuses_what_is_no_message() -> None:
    said = Recorder()(regions(0, HAND))
    check = jsonschema.Draft202012Validator(schema())
    for broken in ({**said, "v": 2}, {**said, "rois": None}, {**said, "seq": -1}):
        assert list(check.iter_errors(broken))
    del said["events"]
    assert list(check.iter_errors(said))
    with pytest.raises(ValidationError):
        Message.model_validate(said)


def test_record_and_models_have_the_same_fields_in_the_same_order() -> None:
    """The writer makes plain data for speed; this holds it to the models."""
    said = with_crops(Recorder()(regions(0, HAND)), [b"jpeg"])
    assert list(said) == list(Message.model_fields)
    assert set(said["rois"][0]) == set(Roi.model_fields)


def test_a_number_that_json_does_not_know_is_null() -> None:
    broken = Region(1, (0, 0, 1, 1), 1, float("nan"))
    text = sent(Recorder()(regions(0, broken))).json
    assert json.loads(text, parse_constant=pytest.fail)["rois"][0]["score"] is None


def test_an_age_is_never_negative() -> None:
    assert Recorder()(regions(0, captured_ns=5_000_000), now_ns=4_000_000)["age_ms"] == 0
