"""What nodes say of their kernels is what a real run compiles: all of it, and nothing else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rtskin import paths
from rtskin.cli.graphs import compile_for
from rtskin.graph.spec import GraphSpec, read_spec
from rtskin.kernels import __main__ as everything
from rtskin.kernels import ahead
from rtskin.registry import NODES

#: Runs all jobs of a live pipeline, then the pipeline; prints the kernels of the jobs' modules that are new after that.
CODE = """
import json, sys
from rtskin import paths
from rtskin.graph import Graph
from rtskin.graph.spec import read_spec
from rtskin.kernels import jobs
from rtskin.registry import NODES
spec, _ = read_spec(paths.find("pipelines", "live_overlay"))
names = [name for node in spec.nodes.values() for name in NODES.get(node.kind).kernels]
for name in names:
    jobs.run(name)
modules = [sys.modules[name.partition(":")[0]] for name in names]
def kernels():
    return {f"{v.py_func.__module__}.{v.py_func.__name__} {s}" for m in modules for v in vars(m).values()
            if hasattr(v, "signatures") for s in v.signatures}
before = kernels()
change = lambda spec: spec
for size in ("1280x720", "1300x731"):
    graph = Graph.from_toml("live_overlay", {"source.uri": f"pattern:{size}@30?frames=6", "source.pace": "max",
                                             "sink": {"kind": "null"}})
    graph.run()
print(json.dumps([len(before), sorted(kernels() - before)]))
"""


def live() -> GraphSpec:
    return read_spec(paths.find("pipelines", "live_overlay"))[0]


def test_a_live_run_needs_no_other_kernels(cache: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    compiled, new = json.loads(done.stdout.splitlines()[-1])
    assert compiled > 10
    assert new == []


def asked(spec: GraphSpec, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The jobs that would be run before such a graph is built."""
    names: set[str] = set()
    monkeypatch.setattr(ahead, "compile_ahead", lambda seconds, tell: names.update(seconds))
    compile_for(spec)
    return names


def test_a_graph_compiles_what_its_nodes_say(monkeypatch: pytest.MonkeyPatch) -> None:
    names = asked(live(), monkeypatch)
    assert names == {name for kind in ("preprocess", "smooth", "refine", "render") for name in NODES.get(kind).kernels}


def test_nothing_is_compiled_for_options_that_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(live().override({"smooth.strength": 7}), monkeypatch) == set()


def test_all_can_be_compiled_before_there_is_a_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    names: set[str] = set()
    monkeypatch.setattr(everything, "compile_ahead", lambda seconds, tell: names.update(seconds))
    everything.main()
    assert names == {name for kind in NODES.names() for name in getattr(NODES.get(kind), "kernels", {})}
    assert names >= asked(live(), monkeypatch)
