"""On what terms weights may be given to others."""
