"""Sinks: where rendered pictures end up. All take Rendered, and Mask, which is shown as a matte."""
