"""The ``rtskin`` command: verbs put together, errors in one line, exit status 0, 1 (it failed) or 2 (asked wrongly)."""

from __future__ import annotations

import functools
import importlib
import logging
import sys
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

import rtskin
from rtskin.cli.starting import nothing_to_collect
from rtskin.errors import InputError, RtskinError

VERBS = (
    "live",
    "render",
    "roi",
    "mask",
    "tune",
    "bench",
    "models",
    "cameras",
    "run",
    "demo",
    "doctor",
    "eval",
    "train",
)

#: What typer makes of a KeyboardInterrupt.
_BY_CTRL_C = 130


class _Verbs(TyperGroup):
    """Verbs of a word, and some of two: "render plan" (a file of that name is written ./plan)."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        two = " ".join(args[:2])
        return super().resolve_command(ctx, [two, *args[2:]] if two in self.commands else args)


def application(verbs: Iterable[str] = VERBS) -> typer.Typer:
    """These verbs; each is a module of this package with a ``register(app)``."""
    app = typer.Typer(
        name="rtskin",
        cls=_Verbs,
        help="Finds human skin in live video: which pixels of this frame are skin, now, steadily.",
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_options)
    for verb in verbs:
        importlib.import_module(f"rtskin.cli.{verb}").register(app)
    return app


@functools.cache
def _command(verb: str | None) -> Any:
    """That verb, or all of them, as click has them: made once, since looking through the options of all takes a tenth of a
    second. What other verbs import would take as long again."""
    return typer.main.get_command(application(VERBS if verb is None else [verb]))


def run(arguments: list[str] | None = None) -> None:
    """Entry point: runs a verb and exits."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    _log_to_stderr(debug)
    words = [argument for argument in arguments if argument != "--debug"]
    try:
        with nothing_to_collect():
            command = _command(words[0] if words and words[0] in VERBS else None)
        command(words, prog_name="rtskin")
    except KeyboardInterrupt:
        _interrupted()  # before there was a graph to drain
    except SystemExit as end:
        if end.code != _BY_CTRL_C:
            raise
        _interrupted()
    except RtskinError as error:
        if debug:
            raise
        where = f" (in {error.node})" if error.node else ""
        sys.stderr.write(f"rtskin: {error}{where}\n")
        sys.exit(2 if isinstance(error, InputError) else 1)


def _interrupted() -> NoReturn:
    """Verbs that complete something on Ctrl-C say so themselves; of the others no half file stays."""
    sys.stderr.write("rtskin: interrupted\n")
    sys.exit(1)


def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; works with every verb.")] = False,
) -> None:
    if version:
        typer.echo(rtskin.__version__)
        raise typer.Exit


def _log_to_stderr(debug: bool) -> None:
    """Messages of rtskin's own loggers, one line each; what libraries log stays theirs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("rtskin: %(message)s"))
    logger = logging.getLogger("rtskin")
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False
