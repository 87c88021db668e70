"""What is said of a file that is not whole: templates of the warnings, whose records have its path as ``uri``.

Light, so that others can tell them from the rest without loading a decoder."""

from __future__ import annotations

#: Name, why (or nothing), seconds.
CUT_SHORT = "%s is cut short%s: it ends after %.2f s"
#: Name, how many, seconds.
LOST = "%s: %d frames cannot be decoded, the first at %.2f s"
