from __future__ import annotations

import importlib.metadata

import pytest

from rtskin import registry
from rtskin.errors import InputError, UnknownNameError
from rtskin.registry import Registry


def test_builtin_things_are_imported_when_asked_for() -> None:
    colors: Registry[object] = Registry(
        "color", "test.colors", {"ordered": "collections:OrderedDict", "broken": "no:no"}
    )
    assert colors.names() == ["broken", "ordered"]
    assert colors.get("ordered").__name__ == "OrderedDict"
    with pytest.raises(ModuleNotFoundError):
        colors.get("broken")


def test_a_decorator_adds_and_a_name_can_be_taken_once() -> None:
    views: Registry[object] = Registry("view", "test.views", {})

    @views.register("mine")
    def mine() -> None: ...

    assert views.get("mine") is mine
    with pytest.raises(InputError, match="'mine' is registered already"):
        views.register("mine")(print)


def test_an_unknown_name_gets_the_nearest() -> None:
    views: Registry[object] = Registry("view", "test.views", {"overlay": "x:y", "matte": "x:y"})
    with pytest.raises(UnknownNameError, match="no view is called 'overlya'; did you mean overlay"):
        views.get("overlya")


def test_entry_points_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("theirs", "collections:Counter", "test.views")
    monkeypatch.setattr(
        registry.importlib.metadata, "entry_points", lambda group: [point] if group == "test.views" else []
    )
    views: Registry[object] = Registry("view", "test.views", {})
    assert views.names() == ["theirs"]
    assert views.get("theirs").__name__ == "Counter"


@pytest.mark.parametrize("table", ["NODES", "METHODS", "RUNTIMES", "SMOOTHERS", "VIEWS"])
def test_everything_that_is_listed_can_be_imported(table: str) -> None:
    entries = getattr(registry, table)
    for name in entries._places:
        assert callable(entries.get(name))
