"""regions: what is and is not a region of skin: holes, outlines, necks, zones, limits."""
