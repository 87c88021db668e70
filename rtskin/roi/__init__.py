"""roi: masks → regions → a feed for other programs."""
