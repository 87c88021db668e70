"""BiRefNet_lite: a Swin transformer that looks twice, and a decoder that looks at the picture itself at every level."""
