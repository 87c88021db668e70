"""A budget for a live graph: frames a second and milliseconds from capture to sink, held by giving up what costs least."""
