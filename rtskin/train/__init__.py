"""Training: recipe → data → loop → export. Needs the extra ``train`` (torch, onnx); nothing at run time imports this."""
