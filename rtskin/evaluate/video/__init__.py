"""Measuring masks over time: on clips whose truth is known, on real ones whose truth is not, and at cuts."""
