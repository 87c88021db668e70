"""A real network that leaves its sizes open, in the shapes of its card: the frame chooses."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rtskin
from rtskin.errors import InputError, ModelError
from rtskin.frame import U8
from rtskin.graph import Graph
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.fake import FakeRuntime
from rtskin.infer.runtimes.ort import OnnxRuntime
from rtskin.media import cv2

from .conftest import MakeCard, frame_of, halves

pytest.importorskip("onnxruntime")

LIVE = [[64, 64], [96, 64], [64, 96]]
STILL = [[128, 128], [192, 96]]
OPEN: dict[str, Any] = {"size": ("height", "width")}
SIZES = {(640, 360): (64, 96), (360, 640): (96, 64), (300, 300): (64, 64)}  # (w, h) of a frame: h, w of its scores


def wide_card(make_card: MakeCard, **parts: Any) -> Card:
    return make_card(net=OPEN, input={"shapes": LIVE, "still": STILL}, **parts)


def shape_of(segmenter: Any, image: U8) -> tuple[int, ...]:
    shape: tuple[int, ...] = segmenter.infer(segmenter.prepare(frame_of(image))).data.shape
    return shape


def skin_is_left(mask: Any) -> bool:
    """Halves are red on the left, which is skin to the tiny network."""
    middle = mask.shape[1] // 2
    return bool((mask[:, : middle - 8] > 240).all() and (mask[:, middle + 8 :] < 15).all())


@pytest.mark.parametrize("runtime", ["onnxruntime", "fake"])
@pytest.mark.parametrize(("size", "expected"), SIZES.items())
def test_the_frame_chooses(make_card: MakeCard, runtime: str, size: tuple[int, int], expected: tuple[int, int]) -> None:
    segmenter = load_segmenter(wide_card(make_card), runtime=runtime)
    segmenter.warm_up()
    assert shape_of(segmenter, halves(*size)) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [("live", (64, 96)), ("still", (96, 192)), ((32, 64), (64, 32)), ("160x32", (32, 160))]
)
def test_the_caller_says_for_what(make_card: MakeCard, size: Any, expected: tuple[int, int]) -> None:
    segmenter = load_segmenter(wide_card(make_card), size=size)
    segmenter.warm_up()
    assert shape_of(segmenter, halves(640, 360)) == expected


def test_single_images_take_the_larger_ones(make_card: MakeCard, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, ...]] = []
    run = OnnxRuntime.run
    monkeypatch.setattr(OnnxRuntime, "run", lambda self, tensor: seen.append(tensor.shape[2:]) or run(self, tensor))
    card = wide_card(make_card)
    with rtskin.Segmenter(card, mirror=False) as still, rtskin.Segmenter(card, size="live") as live:
        # One shape before the first image; before the first frame of a video all.
        assert seen == [(128, 128), (64, 64), (64, 96), (96, 64)]
        seen.clear()
        for size in SIZES:
            image = halves(*size)
            for segmenter in (still, live):
                mask = segmenter(image)
                assert mask.shape == image.shape[:2]
                assert skin_is_left(mask)
    assert seen == [(96, 192), (64, 96), (128, 128), (96, 64), (128, 128), (64, 64)]


def test_letterboxes_in_every_shape(make_card: MakeCard) -> None:
    # White padding would count as skin: the answer is the green channel.
    net = {"weights": ((0, 1 / 255, 0),), **OPEN}
    entry = {"shapes": LIVE, "fit": "letterbox", "pad": 255}
    segmenter = load_segmenter(make_card(net=net, input=entry, output={"activation": "none"}))
    segmenter.warm_up()
    for width, height, shape in ((192, 64, (32, 96)), (64, 192, (96, 32)), (144, 96, (64, 96)), (50, 50, (64, 64))):
        data = segmenter.infer(segmenter.prepare(frame_of(np.zeros((height, width, 3), np.uint8)))).data
        assert data.shape == shape
        assert (data == 0).all()


def test_a_stream_whose_size_changes(make_card: MakeCard, tmp_path: Path) -> None:
    card = wide_card(make_card)
    (tmp_path / "shots").mkdir()
    order = [(640, 360), (640, 360), (360, 640), (300, 300), (300, 300), (640, 360)]
    for number, size in enumerate(order):
        cv2.imwrite(str(tmp_path / "shots" / f"{number}.png"), halves(*size))
    settings = {"source.uri": str(tmp_path / "shots" / "*.png"), "infer.model": str(card.path), "source.pace": "max"}
    graph = Graph.from_toml("masks", settings)
    masks = [packet.data for packet in graph]  # type: ignore[attr-defined]
    assert [mask.shape[::-1] for mask in masks] == order
    assert all(skin_is_left(mask) for mask in masks)
    assert graph.nodes["smooth"].counters()["resets"] == 3


def test_a_loop_in_python_says_its_size(make_card: MakeCard, tmp_path: Path) -> None:
    card = wide_card(make_card)
    cv2.imwrite(str(tmp_path / "shot.0001.png"), halves(640, 360))
    source = tmp_path / "shot.%04d.png"
    ((_, mask),) = rtskin.stream(source, model=card.path, size=(96, 32))
    assert skin_is_left(mask.data)
    with pytest.raises(InputError, match="no input size is called 'large'"):
        next(iter(rtskin.stream(source, model=card.path, size="large")))
    with pytest.raises(InputError, match="multiples of 32, not 100×100; use 96×96"):
        next(iter(rtskin.stream(source, model=card.path, size=(100, 100))))


def test_a_file_of_one_size_with_a_card_of_others(make_card: MakeCard) -> None:
    card = make_card(net={"size": (64, 96)}, input={"shapes": LIVE})
    message = r"input 'x' is 1×3×64×96, the card says 1×3×64×64 and 1×3×96×64"
    with pytest.raises(ModelError, match=f"net.onnx does not match the card of 'tiny': {message}"):
        load_segmenter(card)
    still = make_card("other", net={"size": (64, 96)}, input={"width": 96, "height": 64, "still": STILL})
    with pytest.raises(ModelError, match=r"is 1×3×64×96, the card says 1×3×128×128 and 1×3×96×192"):
        load_segmenter(still, size="live")  # not only when the first still is asked for


def test_a_file_of_one_size_asked_for_another(make_card: MakeCard) -> None:
    card = make_card(net={"size": (64, 96)}, input={"width": 96, "height": 64})
    assert shape_of(load_segmenter(card, size=(96, 64)), halves()) == (64, 96)
    with pytest.raises(ModelError, match=r"net.onnx takes 1×3×64×96 only, not 1×3×64×64; use another size"):
        load_segmenter(card, size=(64, 64))


def test_a_shape_that_the_network_cannot_run_is_found_before_the_first_frame(make_card: MakeCard) -> None:
    """The file leaves its sizes open, but its kernel is larger than one of them."""
    onnx = pytest.importorskip("onnx")
    card = make_card(net=OPEN, input={"shapes": [[96, 96], [64, 96]]}, weights={"file": "net.onnx"})
    assert card.weights_path is not None
    model = onnx.load(str(card.weights_path))
    kernel = np.full((2, 3, 1, 65), 1 / 65, np.float32)
    model.graph.initializer[0].CopyFrom(onnx.numpy_helper.from_array(kernel, "w"))
    del model.graph.output[0].type.tensor_type.shape.dim[3]
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_param = "less"
    card.weights_path.write_bytes(model.SerializeToString())
    segmenter = load_segmenter(card)
    with pytest.raises(ModelError, match="the network of 'tiny' cannot run at 64×96: "):
        segmenter.warm_up()


def test_every_shape_answers_in_its_own_memory(make_card: MakeCard) -> None:
    runtime = OnnxRuntime(wide_card(make_card), device="cpu", threads=1, options={})
    tensors = [np.zeros((1, 3, height, width), np.float32) for width, height in LIVE]
    for tensor in tensors:
        runtime.run(tensor)
    outputs = [runtime.run(tensor) for tensor in tensors]
    assert [output.shape[2:] for output in outputs] == [(64, 64), (64, 96), (96, 64)]
    assert all(runtime.run(tensor) is output for tensor, output in zip(tensors, outputs, strict=True))


def test_threads_with_frames_of_other_shapes(make_card: MakeCard) -> None:
    segmenter = load_segmenter(wide_card(make_card))
    segmenter.warm_up()
    images = [halves(*size) for size in SIZES]
    expected = [segmenter.infer(segmenter.prepare(frame_of(image))).data.copy() for image in images]
    wrong: list[int] = []

    def work(first: int) -> None:
        for step in range(60):
            index = (first + step) % len(images)
            data = segmenter.infer(segmenter.prepare(frame_of(images[index]))).data
            if not np.array_equal(data, expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def test_the_fake_sees_its_disc_in_every_shape(make_card: MakeCard) -> None:
    runtime = FakeRuntime(wide_card(make_card), device="cpu", threads=None, options={})
    for width, height in LIVE:
        output = runtime.run(np.zeros((1, 3, height, width), np.float32))
        assert output.shape == (1, 1, height, width)
        assert (output[0, 0, height // 2, width // 2], output[0, 0, 0, 0]) == (1, 0)


def test_a_slip_of_the_hand_takes_no_memory(make_card: MakeCard) -> None:
    with pytest.raises(InputError, match="20000x20000 is too large"):
        load_segmenter(wide_card(make_card), size="20000x20000")


def test_a_method_has_no_input_size() -> None:
    with rtskin.Segmenter("ellipse", size=(64, 64)) as segmenter:
        assert segmenter(halves()).shape == (48, 64)
    with pytest.raises(InputError, match="no input size"):
        rtskin.Segmenter("ellipse", size="huge")
