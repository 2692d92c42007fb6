"""One file over http, https or file: with a progress bar, retried, and resumed where it broke."""

import logging
import re
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from rich.filesize import decimal

from bioner.machine.progress_bar import ProgressBar

TIMEOUT = 30.0  # seconds without a byte
# Seconds to wait before each further try.
WAITS = (1.0, 4.0)

_CHUNK = 1 << 16
# What a server answers when it has gone, or is overloaded, for a moment.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

log = logging.getLogger(__name__)


class DownloadError(Exception):
    """A file can't be fetched; the message says why."""


def download(url: str, part: Path, resume: bool) -> bool:
    """Fetch a file, retried where it broke.

    A fault that may pass (a connection that breaks, a server that is overloaded) is tried again
    after `WAITS`; what was fetched stays in `part`.

    Args:
        url: its address.
        part: where its bytes go.
        resume: take what is in `part` for the beginning of the file; the caller must check the
            whole, for only that tells whether it is.

    Returns:
        Whether some of the bytes may come from an earlier call.

    Raises:
        DownloadError: no file, or no whole one after the last try.
        OSError: `part` can't be written.
    """
    if not resume:
        part.unlink(missing_ok=True)
    resumed = _size(part) > 0
    waits = iter(WAITS)
    while True:
        try:
            return _attempt(url, part, resume) and resumed
        except (_BrokenError, HTTPException) as error:
            wait = next(waits, None)
            if wait is None:
                raise DownloadError(str(error)) from error
            log.info("%s: %s; trying again in %.0f s", url, error, wait)
            time.sleep(wait)


class _BrokenError(Exception):
    """A fault that may pass."""


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _attempt(url: str, part: Path, resume: bool) -> bool:
    """Fetch what is missing; return whether what was there before was kept."""
    have = _size(part) if resume else 0
    # Transfer encodings would make the byte ranges of something else.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416:  # there is no such range: what we have is not of this file
            part.unlink()
            raise _BrokenError(str(error)) from error
        if error.code in _PASSING:
            raise _BrokenError(str(error)) from error
        raise DownloadError(str(error)) from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, (ConnectionError, TimeoutError)):
            raise _BrokenError(str(error)) from error
        raise DownloadError(str(error)) from error
    except ValueError as error:
        raise DownloadError(str(error)) from error
    with response:
        start = _start(response)
        if start != have:
            have = 0
        with part.open("ab" if have else "wb") as file:
            _copy(response, file.write, url, have)
    return have > 0


def _start(response: HTTPResponse) -> int:
    """Return the place in the file at which an answer begins."""
    if response.status != 206:
        return 0
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
    return int(match[1]) if match else -1


def _copy(response: HTTPResponse, write: Callable[[bytes], int], url: str, have: int) -> None:
    length = response.headers.get("Content-Length")
    promised = int(length) if length and length.isdigit() else None
    total = None if promised is None else have + promised
    fetched = 0
    log.info("fetching %s%s", url, f" from byte {have}" if have else "")
    with ProgressBar(url.rpartition("/")[2], total, have) as bar:
        while chunk := _read(response):
            write(chunk)
            fetched += len(chunk)
            bar.show(have + fetched, decimal(have + fetched))
    if promised is not None and fetched < promised:
        raise _BrokenError(f"the connection broke after {have + fetched} of {total} bytes")


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK)
    except OSError as error:
        raise _BrokenError(str(error)) from error
