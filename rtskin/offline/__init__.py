"""Offline: masks of a whole file in segments that any number of workers make, and that survive whatever stops them.

::

    plan      a frame table by reading packets, every choice settled, segments: a manifest in a work folder
    work      a segment = a run of the graph over its frames and W before it → a lossless matte with its sha256
    finish    source and mattes in one pass → the outputs, under their names when they are complete

The plan is a function of the input and the options, never of workers or machines, so a segment has the same bytes whoever
makes it, and however often it was begun. See rtskin.offline.plan, .worker and .finish.
"""
