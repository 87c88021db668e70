"""The command line: one verb a file, each with a ``register(app)``."""
