"""The node "roi": Scores (or Mask) → Regions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from rtskin.frame import Mask, Regions, Scores
from rtskin.node import Context, Node, NodeOptions
from rtskin.roi.components import HIGH, LOW, MIN_AREA, MOST, Rules, find_regions
from rtskin.roi.label.labeller import Labeller
from rtskin.roi.regions.limits import Limits, parse_length
from rtskin.roi.regions.zones import Polygon, Zones, parse_polygon
from rtskin.roi.runs import RunLabeller
from rtskin.roi.tracks.tracker import Habits, Tracker
from rtskin.roi.warm import warm

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=60)]


def _polygons(given: Any) -> Any:
    """One polygon as text, or a list of polygons."""
    if isinstance(given, str):
        return (parse_polygon(given),)
    return tuple(map(parse_polygon, given)) if isinstance(given, list | tuple) else given


def _length(given: Any) -> Any:
    if given is not None:
        parse_length(given)
    return given


class FindRegionsOptions(NodeOptions):
    """What is a region: low, high: what is connected and at least ``low`` (a probability), if some of it is at least
    ``high``. min_area: regions below this share of the frame are left out. min_size, max_size: of the longer side of its
    box: a fraction of the frame's longer side (0.02, "2%"), or pixels ("24px"). max_regions: the largest so many. ignore:
    zones where nothing is skin: polygons, "x,y x,y x,y" or lists of pairs, in pixels or as fractions of the frame.

    What it is through time: hold: seconds for which a covered thing is held where it is expected. memory: seconds in which
    what left over a border comes back as itself. confirm: frames in a row in which a new thing is to be seen before it is
    told of. steady: boxes of what stands still do. cuts: no thing goes on over a cut. labels: what
    tells faces from hands: the bundled network, the published heuristic, or none (all are other then).
    """

    low: float = Field(default=LOW, gt=0, le=1)
    high: float = Field(default=HIGH, gt=0, le=1)
    min_area: Share = MIN_AREA
    min_size: Annotated[str | float | None, BeforeValidator(_length)] = None
    max_size: Annotated[str | float | None, BeforeValidator(_length)] = None
    max_regions: int = Field(default=MOST, ge=1, le=10_000)
    ignore: Annotated[tuple[Polygon, ...], BeforeValidator(_polygons)] = ()
    hold: Seconds = 1.0
    memory: Seconds = 2.0
    confirm: int = Field(default=2, ge=1, le=100)
    steady: bool = True
    cuts: bool = True
    labels: Literal["network", "heuristic", "none"] = "network"

    @model_validator(mode="after")
    def _ordered(self) -> FindRegionsOptions:
        if self.low > self.high:
            raise ValueError(f"low is {self.low} and high {self.high}; low is to be the lower one, or both alike")
        return self

    def rules(self) -> Rules:
        """What counts as a region."""
        least, most = (None if size is None else parse_length(size) for size in (self.min_size, self.max_size))
        return Rules(self.low, self.high, self.min_area, Limits(least, most), self.max_regions)

    def habits(self) -> Habits:
        """How they are tracked."""
        return Habits(self.hold, self.memory, self.confirm, self.steady, self.cuts)


class FindRegions(Node):
    """Regions of each mask (rtskin.roi.components), and what they are from one mask to the next (rtskin.roi.tracks)."""

    takes: ClassVar[tuple[type, ...]] = (Scores,)
    gives: ClassVar[type | None] = Regions
    Options = FindRegionsOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._rules = self.options.rules()
        self._zones = Zones(self.options.ignore)
        self._labeller = RunLabeller()
        self._tracker: Tracker | None = None
        self._classifier: Labeller | None = None

    def open(self, context: Context) -> None:
        warm()
        if self.options.labels != "none":
            # The tracker asks for few regions at a time; all of those get an answer.
            self._classifier = Labeller(self.options.labels, budget=None)
            self._classifier.warm_up()
        self._tracker = Tracker(self.options.habits(), self._classifier)

    def process(self, packet: Scores | Mask) -> Regions:
        if self._tracker is None:
            raise RuntimeError("process() before open()")
        frame = packet.frame
        size = (frame.width, frame.height)
        data = self._zones(packet.data, size)
        return self._tracker(frame, find_regions(data, size, self._rules, self._labeller))

    def close(self) -> None:
        self._tracker = None
        classifier, self._classifier = self._classifier, None
        if classifier is not None:
            classifier.close()
