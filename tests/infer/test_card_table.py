"""The page made of the cards."""

from __future__ import annotations

from rtskin.infer.card_table import to_markdown
from rtskin.infer.cards import Card

BARE = Card(name="bare", architecture="ellipse")
FULL = Card.parse(
    {
        "name": "full",
        "architecture": "mobile-unet",
        "description": "A network.",
        "licence": "Apache-2.0",
        "data_terms": "mine | yours",
        "recipe": "recipe.toml",
        "parameters": 1234567,
        "input": {"width": 320, "height": 256},
        "accuracy": {
            "street": {"images": 7, "mean_iou": 0.51249, "mean_iou_95": [0.4, 0.6], "unseen_by": "full"},
            "walls": {"images": 9, "false_skin": 0.0123, "false_skin_95": [0.01, 0.02]},
        },
        "speed": {"network_ms": 4.17, "frame_ms": 5.04, "threads": 1, "processor": "a chip"},
    }
)


def test_every_figure_of_the_cards_is_there() -> None:
    lines = to_markdown([BARE, FULL]).splitlines()
    assert "| bare | ellipse | – | any | – | – | – | – |" in lines
    assert "| full | mobile-unet | 1,234,567 | 320×256 | 4.2 | 5.0 | a chip, 1 thread | Apache-2.0 |" in lines
    assert "| street | 7 | full | 0.512 (0.400…0.600) | – | – | – | – | – | – | full |" in lines
    assert "| walls | 9 | full | – | – | – | – | – | – | 1.23 (1.00…2.00) | – |" in lines
    assert "Recipe: [recipe.toml](full/recipe.toml)" in lines
    assert "Data: mine | yours" in lines


def test_the_shapes_that_a_frame_chooses_from() -> None:
    table = {"name": "many", "architecture": "x", "input": {"shapes": [[320, 320], [416, 224]], "still": [[512, 512]]}}
    speed = {"network_ms": 5.51, "frame_ms": 6.57, "input": "416×224", "threads": 1, "processor": "a chip"}
    page = to_markdown([Card.parse({**table, "speed": speed})])
    shapes = "320×320 … 416×224, stills 512×512"
    assert f"| many | x | – | {shapes} | 5.5 | 6.6 | a chip, 1 thread, 416×224 | – |" in page
    assert "Input, the nearest to the frame's aspect: 320×320, 416×224; single images: 512×512\n" in page
    assert "nearest" not in to_markdown([BARE, FULL])


def test_without_figures_there_is_no_table_of_them() -> None:
    page = to_markdown([BARE])
    assert "mean IoU" not in page
    assert page.endswith("## bare\n")
