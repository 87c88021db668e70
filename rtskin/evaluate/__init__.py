"""Evaluation: models against pictures with known skin; metrics with intervals, reports, the worst masks to look at."""
