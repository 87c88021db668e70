"""``python -m rtskin``."""

from rtskin.cli.main import run

if __name__ == "__main__":
    run()
