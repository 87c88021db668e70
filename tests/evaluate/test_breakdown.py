"""Figures by groups of pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.evaluate import bootstrap
from rtskin.evaluate.breakdown import TOGETHER, breakdowns
from rtskin.evaluate.by_table import table_trait
from rtskin.evaluate.datasets import Dataset, Item, load_pairs, load_skinless
from rtskin.evaluate.metrics import Ratio, count, ratio
from rtskin.evaluate.report import to_dict, to_markdown
from rtskin.evaluate.run import Report, evaluate
from rtskin.evaluate.traits import SCALES, brightness, input_size, skin_luminance, trait
from rtskin.infer.cards import Card
from rtskin.media import cv2
from tests.evaluate.conftest import Write, greedy, sees, square

STRETCHED = Card.parse({"name": "s", "architecture": "x", "input": {"width": 40, "height": 10}})
BOXED = Card.parse({"name": "l", "architecture": "x", "input": {"width": 40, "height": 40, "fit": "letterbox"}})
SHAPED = Card.parse(
    {"name": "m", "architecture": "x", "input": {"shapes": [[64, 64], [96, 32]], "still": [[128, 128]]}}
)
ANYTHING = Item("a", Path("a"), None)


def test_pixels_at_the_input_are_those_of_the_shape_that_the_picture_takes() -> None:
    assert input_size(STRETCHED, "live", 20, 20) == (40, 10)
    assert input_size(BOXED, "live", 20, 10) == (40, 20)
    assert input_size(SHAPED, "live", 300, 100) == (96, 32)
    assert input_size(SHAPED, "still", 300, 100) == (128, 128)
    assert input_size(Card(name="e", architecture="ellipse"), "live", 20, 30) == (20, 30)


def test_scale_is_the_root_of_the_largest_area_at_the_input() -> None:
    truth = square(4)
    truth[15:18, 15:18] = 255
    image = np.zeros((20, 20, 3), np.uint8)
    # 16 pixels, each twice as wide and half as high in the input of 40×10.
    assert trait("scale", STRETCHED).measure(ANYTHING, image, truth) == pytest.approx(4)
    assert trait("scale", BOXED).measure(ANYTHING, image, truth) == pytest.approx(8)
    assert trait("scale", BOXED).measure(ANYTHING, image, square(0)) is None


def test_luminance_is_that_of_the_skin_and_brightness_that_of_the_picture() -> None:
    image = np.full((20, 20, 3), 40, np.uint8)
    image[:10, :10] = 200
    assert skin_luminance(ANYTHING, image, square(10)) == 200
    assert skin_luminance(ANYTHING, image, square(0)) is None
    assert brightness(ANYTHING, image, square(0)) == pytest.approx(80)


@pytest.fixture
def report(tmp_path: Path, write_set: Write) -> Report:
    """Two sets with skin of nine and three pictures, red of rising strength; a set without."""
    for name, count_ in (("nine", 9), ("three", 3)):
        folder = write_set(tmp_path / name, {f"{number}": square(10 - number) for number in range(count_)})
        for number in range(count_):
            image = np.full((20, 20, 3), 10 * number, np.uint8)
            cv2.imwrite(str(folder / "images" / f"{number}.png"), image)
    plain = tmp_path / "plain"
    plain.mkdir()
    for number in range(4):
        cv2.imwrite(str(plain / f"{number}.png"), np.full((20, 20, 3), 50 * number, np.uint8))
    sets = [load_pairs(tmp_path / "nine"), load_pairs(tmp_path / "three"), load_skinless(plain)]
    traits = [trait("luminance", STRETCHED), trait("scale", STRETCHED), trait("brightness", STRETCHED)]
    return evaluate(sets, {"greedy": greedy, "sees": sees}, traits=traits, draws=200)


def test_thirds_of_each_set_and_of_all_with_skin_together(report: Report) -> None:
    found = {(one.trait.name, one.results.dataset.name): one for one in breakdowns(report)}
    assert set(found) == {
        *(("luminance", name) for name in ("nine", "three", TOGETHER)),
        *(("scale", name) for name in ("nine", "three", TOGETHER)),
        *(("brightness", name) for name in ("nine", "three", "plain", TOGETHER)),
    }
    nine = found["luminance", "nine"]
    assert [list(group.pictures) for group in nine.groups] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert sum(len(group.pictures) for group in found["luminance", TOGETHER].groups) == 12
    figure = nine.figure("greedy", nine.groups[0], "pooled_iou")
    assert figure is not None
    assert figure.value == pytest.approx((100 + 81 + 64) / 1200)


def test_the_gap_is_the_best_groups_figure_minus_the_worsts(report: Report) -> None:
    nine = next(one for one in breakdowns(report) if one.results.dataset.name == "nine")
    gap = nine.gap("greedy")
    assert gap is not None
    assert gap.value == pytest.approx((100 + 81 + 64 - 16 - 9 - 4) / 1200)
    assert gap.low <= gap.value <= gap.high
    assert gap.low > 0


def test_a_gap_of_two_groups_is_covered_by_its_interval() -> None:
    """Known share of each group: the interval has to hold the true gap about as often as it says."""
    random, covered = np.random.default_rng(1), 0
    for seed in range(100):
        groups = [Ratio(random.normal(mean, 0.1, 40), np.ones(40)) for mean in (0.5, 0.6, 0.7)]
        figure = bootstrap.gap(groups, seed, 300)
        assert figure is not None
        covered += figure.low <= 0.2 <= figure.high
    assert covered >= 88


def test_groups_that_say_nothing_make_no_gap() -> None:
    some = ratio("pooled_iou", [count(square(3), square(3))])
    none = ratio("pooled_iou", [])
    assert bootstrap.gap([some, none]) is None
    figure = bootstrap.gap([some, none, some])
    assert figure is not None
    assert figure.value == 0


def test_sets_without_skin_are_told_in_false_skin(report: Report) -> None:
    plain = next(one for one in breakdowns(report) if one.results.dataset.name == "plain")
    assert plain.metric == "false_skin"
    assert plain.gap("greedy") is None
    figure = plain.figure("greedy", plain.groups[0], "false_skin")
    assert figure is not None
    assert figure.value == 1


def test_they_are_in_the_tables_and_in_the_json(report: Report) -> None:
    text = to_markdown(report)
    assert "luminance: lowest third" in text
    assert "| all sets | " in text
    assert "mean luma of the truth's skin" in text
    said = json.loads(json.dumps(to_dict(report), allow_nan=False))["breakdowns"]
    scale = next(one for one in said if one["by"] == "scale")
    assert scale["edges"] == list(SCALES)
    assert [group["images"] for group in scale["models"]["greedy"]["groups"]] == [9, 0, 0, 0, 0]
    luminance = next(one for one in said if (one["by"], one["dataset"]) == ("luminance", "nine"))
    assert luminance["models"]["greedy"]["gap"]["value"] == pytest.approx(0.18, abs=1e-5)


def test_what_a_table_says(tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text('file\tfrom\tfalse\nset/a/1.webp\t"x\thard:0.0222\nset/b/1.webp\ty\teasy:0.02\n1.webp\tz\t0.5\n')
    items = [Item("1", tmp_path / "set" / folder / "1.webp", None) for folder in ("a", "b", "c")]
    other = Item("2", tmp_path / "2.webp", None)
    sets = [Dataset("set", tmp_path, [*items, other])]
    found = table_trait(f"{table}:false:0.02", sets)
    black = np.zeros((1, 1), np.uint8)
    assert [found.measure(item, black, black) for item in (*items, other)] == [0.0222, 0.02, 0.5, None]
    assert found.edges is not None
    assert 0.02 < found.edges[0] < 0.0200001, "up to the border, with it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}:0.02", "does not read FILE.tsv:COLUMN:NUMBER"),
        ("{}:false:many", "does not read FILE.tsv:COLUMN:NUMBER"),
        ("{}:false:2,1", "must rise"),
        ("{}:flase:1", "did you mean false"),
        ("{}:word:1", "t.tsv:2: there is no number"),
        ("{}.no:false:1", "cannot be read"),
        ("{}:false:1", r"says nothing of any of the 1 pictures.*pictures/x.png"),
    ],
)
def test_a_table_that_cannot_be_used(text: str, message: str, tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("file\tfalse\tword\nset/a.png\t1\tmany\n")
    sets = [Dataset("set", tmp_path, [Item("x", tmp_path / "pictures" / "x.png", None)])]
    with pytest.raises(InputError, match=message):
        table_trait(text.format(table), sets)


def test_pictures_that_a_table_does_not_know_are_counted(report: Report, tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text("file\thard\nplain/1.png\t1\nplain/2.png\t0\n")
    dataset = load_skinless(tmp_path / "plain")
    found = evaluate([dataset], {"greedy": greedy}, traits=[table_trait(f"{table}:hard:0.5", [dataset])], draws=50)
    (one,) = breakdowns(found)
    assert [list(group.pictures) for group in one.groups] == [[2], [1]]
    assert one.unknown == 2
    assert [group.label for group in one.groups] == ["up to 0.5", "above 0.5"]
