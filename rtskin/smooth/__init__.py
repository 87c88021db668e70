"""smooth: mask after mask → steady masks."""
