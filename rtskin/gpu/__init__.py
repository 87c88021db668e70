"""The way of a frame on a GPU: up once, resize, normalise, network, average, enlarge, composite, down once.

Made of torch, so that it runs on its device "cpu" too, with the same code and the same answer but without streams.
"""
