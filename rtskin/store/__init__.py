"""Models of one's own: published checkpoints and other people's ONNX files, brought into the user's folder of models."""
