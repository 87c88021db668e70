"""The recipe: everything that makes a training what it is, as TOML. Unknown keys are refused with the nearest name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtskin.errors import InputError, nearest
from rtskin.train.extends import KEY, WITHOUT, read_whole
from rtskin.train.resolved import Derived

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Span = tuple[Positive, Positive]
Side = Annotated[int, Field(ge=32, multiple_of=32)]
Shape = tuple[Side, Side]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSet(Part):
    """One folder. ``pairs``: images/ and masks/ (and weights/) of the same stems; ``skinless``: a plain tree, no skin in
    it; ``unlabelled``: a plain tree that must be labelled first (``rtskin train label``)."""

    name: str
    path: str
    kind: Literal["pairs", "skinless", "unlabelled"]
    weight: float = Field(gt=0, description="share of the draws, relative to the other sets")
    ship: bool = Field(description="may weights that are given to others be trained on it")
    terms: str
    terms_file: str | None = Field(
        default=None,
        description="table with the terms of each picture, below the data folder; see rtskin.train.terms.files",
    )
    group: str | None = Field(default=None, description="keeps the whole set on one side of the split, under this key")
    held_out: int | None = Field(
        default=None, ge=0, description="the fold that is kept out of this set; else the split's"
    )
    caps: dict[str, Share] = Field(default_factory=dict, description="largest share of this set's draws, by group")


class Split(Part):
    folds: int = Field(default=5, ge=2, description="1 / folds of the keys are kept out")
    held_out: int = Field(default=0, ge=-1, description="the fold that is kept out; -1: none")


class Net(Part):
    architecture: str = "mobile-unet"
    options: dict[str, Any] = Field(default_factory=dict)
    init: str | None = Field(
        default=None, description="weights to start from, relative to the recipe; empty, as none: from nothing"
    )
    keep: Share = Field(default=0.0, description="how much of these weights stays in what is judged and exported")


class Crops(Part):
    whole: Share = Field(default=0.4, description="share of (nearly) whole pictures")
    scale: Span = Field(default=(0.12, 1.0), description="crop side as a part of the long side, drawn log-uniformly")
    native: Span | None = Field(
        default=None,
        description="instead: crop side as a part of the input's, 1 where no pixel is scaled; all crops are so",
    )
    zoom_out: Share = Field(default=0.1, description="share of crops larger than the picture, which continues mirrored")
    zoom_out_to: float = Field(default=2.0, ge=1)
    aspect: float = Field(
        default=1.3, ge=1, description="crops are between 1/aspect and aspect times as wide as the input's shape is"
    )
    on_skin: Share = Field(default=0.85, description="share of crops centred on a pixel of skin, where there is one")
    flip: Share = 0.5
    rotate: Share = Field(default=0.35, description="share of crops that are rotated")
    degrees: float = Field(default=25, ge=0, le=180)


class Compose(Part):
    """People cut out of one set by its labels/, or single pieces of skin out of any, before the pictures of others."""

    share: Share = Field(default=0.0, description="share of the samples that are people before other grounds")
    limbs: Share = Field(default=0.0, description="share of the samples that are single pieces of skin before them")
    limbs_of: list[str] = Field(default=[], description="sets of kind pairs with such pieces; none named: all of them")
    plain: Share = Field(default=0.4, description="share of the grounds of such pieces that are walls without things")
    people: str = Field(default="ccp", description="the set, with labels/, that people are cut out of")
    grounds: list[str] = Field(default=[], description="sets of kind skinless; none named: all of them")
    most: int = Field(default=4, ge=1, description="people in a picture; fewer are more likely")
    height: Span = Field(default=(20, 2.5), description="of a person: pixels … parts of the input's height")
    degrees: float = Field(default=12, ge=0, le=180)
    relight: Share = Field(default=0.7, description="at most so far is a person's brightness drawn to the ground's")


class Augment(Part):
    """Shares (probabilities) and largest strengths of the photometric changes."""

    tone: Share = 0.8
    brightness: float = 0.2
    contrast: float = 0.25
    gamma: float = 0.4
    white_balance: float = 0.15
    cast: Share = Field(default=0.08, description="strong light of one colour, mostly warm")
    over_exposure: Share = 0.05
    vignette: Share = 0.08
    colour: Share = 0.5
    saturation: float = 0.4
    hue_degrees: float = 8
    grey: Share = 0.03
    any_hue: Share = Field(default=0.02, description="share of samples whose hue is turned by any angle")
    blur: Share = 0.15
    noise: Share = 0.25
    jpeg: Share = 0.3
    low_light: Share = 0.08
    banding: Share = Field(default=0.03, description="bands of a flickering lamp")
    halo: Share = Field(default=0.08, description="sharpened by the camera")
    chroma: Share = Field(default=0.1, description="coarse colour")
    h264: Share = Field(default=0.0, description="really encoded, at about 10 ms a sample; needs PyAV")
    disguise: Share = Field(default=0.0, description="something that is no skin gets its colour")
    hue_turn: Share = Field(
        default=0.0, description="this and all below: the published set, see rtskin.train.light.colours"
    )
    desaturate: Share = 0.0
    contrast_brightness: Share = 0.0
    sepia: Share = 0.0
    lattice: Share = Field(default=0.0, description="over all of the skin; not together with [classes]")
    part_lattice: Share = 0.0


class Loss(Part):
    """How much each loss counts (0: not at all), and what shapes it. See rtskin.train.losses.mask."""

    bce: float = Field(default=1.0, ge=0)
    dice: float = Field(default=1.0, ge=0)
    focal: float = Field(default=0.0, ge=0)
    focal_gamma: float = Field(default=2.0, ge=0, description="how much less pixels count that are right already")
    focal_alpha: Share = Field(default=0.25, description="how much skin counts; the rest is what no skin counts")
    tversky: float = Field(default=0.0, ge=0)
    tversky_false: float = Field(default=0.3, ge=0, description="how much false skin counts")
    tversky_missed: float = Field(default=0.7, ge=0, description="how much missed skin counts")
    bias: float = Field(default=0.0, ge=0)
    bias_alpha: float = Field(default=0.3, ge=0)
    bias_beta: float = Field(default=0.3, ge=0, lt=1)
    edge: float = Field(default=0.0, ge=0, description="of a head that predicts the mask's edge")
    edge_width: int = Field(default=4, ge=2, description="pixels")
    consistency: float = Field(default=0.0, ge=0, description="between a crop in one light and in another")
    consistency_temperature: float = Field(default=1.0, gt=0)
    deep: float = Field(default=0.0, ge=0, description="of the mask at the coarser levels of the decoder")
    iou: float = Field(default=0.0, ge=0, description="1 - the soft intersection over union")
    ssim: float = Field(default=0.0, ge=0, description="1 - structural similarity")
    gradient: float = Field(
        default=0.0, ge=0, description="of the picture's gradients inside the mask; birefnet-lite only"
    )


class Distil(Part):
    """Teachers that the network learns from beside its labels, on the same crops."""

    teachers: list[str] = Field(default=[], description="checkpoints or cards, relative to the recipe; averaged")
    weight: float = Field(default=1.0, ge=0)
    temperature: float = Field(default=2.0, gt=0)


class Classes(Part):
    """More classes than skin, told apart by the sets' labels/. What is skin is still the mask's word."""

    names: list[str] = Field(default=["skin"], description="of the network's outputs, the background first")
    maps: dict[str, dict[str, list[int]]] = Field(
        default_factory=dict,
        description="by set, then by class (or by several, a|b, where it may be any of them): values in labels/",
    )
    entropy: float = Field(default=1.0, ge=0, description="how much cross-entropy among the other classes counts")
    dice: float = Field(default=0.5, ge=0, description="how much their Dice counts")
    counts: dict[str, Positive] = Field(
        default_factory=dict,
        description="how much a pixel of a class counts there, 1 by default: more for what is small and rare",
    )


class Prior(Part):
    """A mask of a moment ago as fourth channel. Lengths are parts of the input's longer side, the largest that is drawn."""

    use: bool = False
    of: list[str] = Field(
        default=[],
        description="models whose own masks of the picture it is, for a network that refines such; see train.data.bases",
    )
    of_scale: Span = Field(default=(0.125, 0.5), description="part of the picture's size at which they see it")
    empty: Share = Field(default=0.35, description="share of samples without one, as a first frame is")
    other: Share = Field(default=0.06, description="share of samples with the mask of another picture")
    own: Share = Field(default=0.2, description="share of steps in which it is what the network itself says of a view")
    move: Share = 0.12
    bend: Share = Field(default=0.04, description="smooth random displacement")
    grow: Share = Field(default=0.03, description="dilation or erosion")
    blur: Share = 0.02
    scale: float = Field(default=1.15, ge=1, description="between 1/scale and scale")
    degrees: float = Field(default=15, ge=0, le=180)
    drop: Share = Field(default=0.15, description="share of samples that lose some of their connected parts")
    blobs: Share = Field(default=0.2, description="share of samples with false ones")


class Optimiser(Part):
    name: Literal["adamw", "adamp", "adabelief"] = "adamw"
    rate: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=1e-2, ge=0)
    clip: float = Field(default=5.0, gt=0, description="largest norm of the gradient")
    accumulate: int = Field(default=1, ge=1, description="batches whose gradients make one step")


class Schedule(Part):
    name: Literal["cosine", "plateau"] = "cosine"
    warmup: int = Field(default=200, ge=0, description="steps")
    last: Share = Field(default=0.01, description="the last rate, as a part of the first")
    factor: float = Field(default=0.5, gt=0, lt=1, description="plateau: what the rate is multiplied with")
    patience: int = Field(default=3, ge=1, description="plateau: validations without a better one before that")
    freeze: list[str] = Field(
        default=[], description="parts that stay as they are at first, by their names: stem, encoder.0"
    )
    freeze_steps: int = Field(default=0, ge=0, description="how long; needed where freeze names parts")


class Stop(Part):
    """Early stopping, by the kept-out pictures."""

    patience: int = Field(default=0, ge=0, description="validations without a better one before the end; 0: never")
    least: float = Field(default=0.0, ge=0, description="what is better by no more than this does not count")


class Origin(Part):
    """Weights or a teacher that a training starts from or learns from: they carry the terms of their own data."""

    name: str
    ship: bool
    terms: str


class Recipe(Derived, Part):
    """The whole; ``origins`` is filled in when a training starts (rtskin.train.terms.origins)."""

    name: str
    data: list[DataSet] = Field(min_length=1)
    origins: list[Origin] = Field(default=[], description="weights and teachers behind net.init and distil")
    split: Split = Split()
    net: Net = Net()
    crops: Crops = Crops()
    augment: Augment = Augment()
    loss: Loss = Loss()
    compose: Compose = Compose()
    classes: Classes = Classes()
    prior: Prior = Prior()
    optimiser: Optimiser = Optimiser()
    schedule: Schedule = Schedule()
    stop: Stop = Stop()
    distil: Distil = Distil()
    size: int = Field(default=256, ge=32, multiple_of=32)
    shapes: list[Shape] = Field(default=[], description="(width, height) of the inputs at run time; none: size × size")
    still: list[Shape] = Field(default=[], description="the same for stills")
    batch_shapes: list[Shape] = Field(default=[], description="what batches are drawn in, one each; none: shapes")
    batch: int = Field(default=16, ge=1)
    steps: int | None = Field(default=None, ge=1, description="either steps or minutes")
    minutes: float | None = Field(default=None, gt=0, description="turned into steps by the time the first steps take")
    ema: Share = 0.998
    settle: int = Field(
        default=24,
        ge=0,
        description="batches that the average's batch normalisation is measured on before it is judged",
    )
    seed: int = 1
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto: a GPU where there is one")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field(
        default="auto", description="of the network's arithmetic; auto: bf16 on a GPU that has it, else fp32"
    )
    round_to_bf16: bool = Field(
        default=False, description="round the exported weights, for runtimes that compute in bf16"
    )
    eight_bits: bool = Field(
        default=False, description="round as 8 bits do while training, for a network that will be quantised"
    )
    channels_last: bool = Field(default=True, description="how pictures lie in memory; faster nearly everywhere")
    threads: int = Field(default=2, ge=1)
    workers: int = Field(default=1, ge=0, description="processes that make batches; 0: the training's own")
    prefetch: int = Field(default=6, ge=1, description="batches that each of them is ahead")
    tensorboard: bool = Field(default=False, description="write what TensorBoard shows beside the checkpoint")
    cache_mb: int = Field(default=4096, ge=0, description="decoded pictures kept in memory, by each of the workers")
    checkpoint_minutes: float = Field(default=5, gt=0)
    validate_every: int = Field(default=500, ge=1, description="steps")
    validate_images: int = Field(default=60, ge=1, description="at most so many kept-out pictures of each set")


def load(path: Path) -> Recipe:
    """The recipe at ``path``; InputError in one line that names the key and, for an unknown one, the nearest."""
    return parse(read(path), str(path))


def read(path: Path) -> dict[str, Any]:
    """The table in the file, with that of a recipe it extends (rtskin.train.extends), unchecked; InputError where one
    cannot be read."""
    return read_whole(path)


def parse(table: dict[str, Any], origin: str = "the recipe") -> Recipe:
    """A recipe from a table; ``origin`` is what messages call it."""
    try:
        recipe = Recipe.model_validate(table)
    except ValidationError as error:
        raise InputError(f"{origin}: {_explain(error)}") from error
    if recipe.steps and recipe.minutes:
        raise InputError(f"{origin} gives both steps and minutes; keep one of them")
    if len(recipe.classes.names) > 1 and (recipe.augment.lattice or recipe.augment.part_lattice):
        raise InputError(f"{origin}: what a lattice covers has no class; set augment.lattice and part_lattice to 0")
    if recipe.net.keep and not recipe.net.init:
        raise InputError(f"{origin}: net.keep says how much of net.init stays, and there is none; name one, or keep 0")
    if recipe.prior.of and (not recipe.prior.use or recipe.prior.own or recipe.compose.share or recipe.compose.limbs):
        raise InputError(
            f"{origin}: prior.of is of whole pictures: set prior.use to true; prior.own, compose.share, compose.limbs to 0"
        )
    if recipe.compose.share + recipe.compose.limbs > 1:
        raise InputError(f"{origin}: compose.share and compose.limbs are shares of all samples; together at most 1")
    for key, span in (
        ("crops.scale", recipe.crops.scale),
        ("crops.native", recipe.crops.native),
        ("prior.of_scale", recipe.prior.of_scale),
    ):
        if span is not None and span[0] > span[1]:
            raise InputError(f"{origin}: {key} is from the smallest to the largest, not {list(span)}")
    if bool(recipe.schedule.freeze) != bool(recipe.schedule.freeze_steps):
        raise InputError(
            f"{origin}: schedule.freeze names what stays as it is, freeze_steps how long; give both or none"
        )
    twice = {part.name for part in recipe.data if [other.name for other in recipe.data].count(part.name) > 1}
    if twice:
        raise InputError(f"{origin} names a data set twice: {', '.join(sorted(twice))}")
    return recipe


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"there is no key {place!r}{nearest(str(first['loc'][-1]), _fields(first['loc'][:-1]))}"
    return f"{place}: {first['msg']}"


def _fields(place: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed at a place of the recipe."""
    if not place:
        return [KEY, WITHOUT, *Recipe.model_fields]
    kinds: dict[str, type[Part]] = {
        "data": DataSet,
        "split": Split,
        "net": Net,
        "crops": Crops,
        "compose": Compose,
        "classes": Classes,
        "prior": Prior,
        "augment": Augment,
        "loss": Loss,
        "optimiser": Optimiser,
        "schedule": Schedule,
        "stop": Stop,
        "distil": Distil,
        "origins": Origin,
    }
    return list(kinds[str(place[0])].model_fields)
