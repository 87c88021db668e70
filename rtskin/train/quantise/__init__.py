"""Networks in 8 bits: calibrated once on frames of the training, written twice, for CPUs and for TensorRT."""
