"""Masks made visible: edge-aware growth to the frame's size, views, and the sinks that show or write them."""
