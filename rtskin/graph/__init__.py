"""The runtime: nodes, edges, admission; start, drain, stop, first error, statistics."""

from __future__ import annotations

from rtskin.graph.graph import Graph
from rtskin.graph.spec import EdgeSpec, GraphSpec, NodeSpec
from rtskin.graph.stats import EdgeStatistics, GraphStatistics, NodeStatistics

__all__ = ["EdgeSpec", "EdgeStatistics", "Graph", "GraphSpec", "GraphStatistics", "NodeSpec", "NodeStatistics"]
