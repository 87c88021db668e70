"""Assets from the network, or from a folder that somebody filled where there is none.

Only https, also where a server sends elsewhere. A file has its final name only when its digest is right.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

from rtskin import paths
from rtskin.assets import Asset, check, find_asset, place
from rtskin.capture.redact import redact
from rtskin.errors import InputError, ModelError, OutputExistsError, reason
from rtskin.files import OutputFile, make_folders
from rtskin.infer.weights import digest

#: A folder that holds the assets: then nothing is asked of the network.
OFFLINE = "RTSKIN_OFFLINE"
#: Attempts at each address, and seconds that a server may be silent.
ATTEMPTS, TIMEOUT = 3, 30.0
_CHUNK = 1 << 16


class Progress(Protocol):
    """Told how much of an asset is there, in bytes."""

    def __call__(self, done: int, of: int) -> None: ...


@dataclass(frozen=True)
class Pulled:
    """new: it was fetched now; else it was there already."""

    path: Path
    new: bool


def pull(
    asset: Asset,
    *,
    urls: Sequence[str] = (),
    folder: str | os.PathLike[str] | None = None,
    offline: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, of: None,
    wait: float = 1.0,
) -> Pulled:
    """Bring an asset into a folder of models, and check it against its sha256.

    urls: mirrors to be asked instead of the asset's own, in this order. folder: of models; the user's by default. offline: a
    folder with the file, instead of the network ($RTSKIN_OFFLINE by default). overwrite: a file that is there and is
    another one is replaced. wait: seconds before the second attempt at an address, twice as many before the third.

    InputError: an address that is not https, no such offline folder. ModelError: nobody had it, or not that very file; says
    what to do by hand. OutputExistsError, SinkError: it cannot be put there.
    """
    urls = tuple(urls) or asset.urls
    for url in urls:
        _refuse_insecure(url)
    present = _present(asset, folder)
    if present is not None and digest(present) == asset.sha256:
        return Pulled(present, new=False)
    if present is not None and not overwrite:
        raise OutputExistsError(f"{present} is another file than {asset.name}; replace it with --overwrite")
    target = present or place(asset, folder)
    store = offline or os.environ.get(OFFLINE)
    fetch = _from_folder(asset, Path(store)) if store else _from_network(asset, urls, progress, wait)
    with _folder_for(target), OutputFile(target, overwrite) as file:
        try:
            fetch(file)
        except ModelError as error:
            raise ModelError(f"{error}; {_by_hand(asset, target)}") from error
        return Pulled(target, new=_committed(asset, file))


def _present(asset: Asset, folder: str | os.PathLike[str] | None) -> Path | None:
    if folder is None:
        return find_asset(asset)
    path = place(asset, folder)
    return path if paths.is_file(path) else None


def _committed(asset: Asset, file: OutputFile) -> bool:
    """False where somebody else brought the very same file meanwhile."""
    try:
        file.commit()
    except OutputExistsError:
        if digest(file.path) != asset.sha256:
            raise
        return False
    return True


Fetch = Callable[[OutputFile], None]


def _from_folder(asset: Asset, folder: Path) -> Fetch:
    if not paths.is_folder(folder):
        raise InputError(f"there is no folder {folder} to take assets from (--offline, or ${OFFLINE})")

    def fetch(file: OutputFile) -> None:
        source = next((path for path in (folder / asset.file, place(asset, folder)) if paths.is_file(path)), None)
        if source is None:
            raise ModelError(f"{asset.name} is not in {folder}")
        if digest(source) != asset.sha256:
            raise ModelError(f"{source} is not {asset.name}: its sha256 is {digest(source)}")
        try:
            shutil.copyfile(source, file.temporary)
        except OSError as error:
            raise file.failed(error) from error
        check(asset, file.temporary)

    return fetch


def _from_network(asset: Asset, urls: Sequence[str], progress: Progress, wait: float) -> Fetch:
    def fetch(file: OutputFile) -> None:
        faults = []
        for url in urls:
            fault = _from_address(asset, url, file, progress, wait)
            if fault is None:
                return
            faults.append(f"{redact(url)}: {fault}")
        raise ModelError(f"{asset.name} could not be pulled ({'; '.join(faults)})")

    return fetch


def _from_address(asset: Asset, url: str, file: OutputFile, progress: Progress, wait: float) -> str | None:
    """None where the file is whole now; else why not, in a few words."""
    fault = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(wait * attempt)
        again, fault = _attempt(asset, url, file, progress)
        if not fault:
            return None
        if not again:
            break
    return fault


def _attempt(asset: Asset, url: str, file: OutputFile, progress: Progress) -> tuple[bool, str]:
    """Whether another attempt may help, and what went wrong ("": nothing)."""
    import requests

    try:
        _download(asset, url, file, progress)
    except requests.exceptions.SSLError:
        return False, "its certificate cannot be trusted ($REQUESTS_CA_BUNDLE names others to trust)"
    except requests.exceptions.HTTPError as error:
        status = error.response.status_code
        return status >= 500, f"it answered {status} {error.response.reason}".rstrip()
    except requests.exceptions.Timeout:
        return True, f"it is silent for {TIMEOUT:g} s"
    except requests.exceptions.ChunkedEncodingError:
        return True, "the transfer broke off"
    except requests.exceptions.ConnectionError:
        return True, "it cannot be reached, or fell silent"
    except requests.exceptions.RequestException as error:
        return False, reason(error)
    except _RefusedError as error:
        return False, str(error)
    except OSError as error:
        raise file.failed(error) from error
    found = digest(file.temporary)
    return False, "" if found == asset.sha256 else f"it gave another file, of sha256 {found}"


def _download(asset: Asset, url: str, file: OutputFile, progress: Progress) -> None:
    from pooch import HTTPDownloader

    bar: Any = _Bar(asset, progress)
    download = HTTPDownloader(progressbar=bar, chunk_size=_CHUNK, timeout=TIMEOUT, hooks={"response": _stay_secure})
    download(url, str(file.temporary), None)


class _RefusedError(Exception):
    """What the server does is not taken."""


class _Bar:
    """What pooch takes for a progress bar; it also ends a transfer that does not end by itself."""

    def __init__(self, asset: Asset, progress: Progress) -> None:
        self._asset, self._progress = asset, progress
        self._done, self.total = 0, 0

    def update(self, more: int) -> None:
        self._done += more
        if self._done >= self._asset.size + _CHUNK:  # pooch counts the last chunk as a full one
            raise _RefusedError(f"it sends more than the {self._asset.size} bytes of {self._asset.name}")
        self._progress(min(self._done, self._asset.size), self._asset.size)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """The transfer is complete."""


def _stay_secure(response: Any, *args: Any, **kwargs: Any) -> None:
    """A hook that requests calls with each answer, before it goes where a redirection points."""
    if response.is_redirect:
        target = urljoin(response.url, response.headers["location"])
        if urlsplit(target).scheme != "https":
            raise _RefusedError("it sends elsewhere, and not by https")


def _refuse_insecure(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise InputError(f"{redact(url)} is not an address of https://; nothing else is pulled from")


@contextmanager
def _folder_for(target: Path) -> Iterator[None]:
    """The folder of ``target``, made where there is none, and gone again where nothing came into it."""
    make_folders(target.parent)
    try:
        yield
    finally:
        with suppress(OSError):  # it is not empty: all is well
            target.parent.rmdir()


def _by_hand(asset: Asset, target: Path) -> str:
    return (
        f"or fetch {asset.urls[0]} elsewhere (sha256 {asset.sha256}) and put it at {target}, "
        f"or into a folder named by --offline; a mirror is named by --url"
    )
