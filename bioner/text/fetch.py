"""Where the files of a dataset lie; the ones that are missing are fetched, checked and kept."""

import logging
import shutil
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from filelock import FileLock

from bioner.config import DatasetConfig
from bioner.errors import ConfigError, DataError
from bioner.text.files import sha256

TIMEOUT = 30.0  # seconds without a byte
_GENERATED = "generated:demo/"
_SCHEMES = ("http", "https", "file")

log = logging.getLogger(__name__)


def ensure(name: str, config: DatasetConfig, datasets_dir: Path) -> dict[str, Path]:
    """Return the file of each split; a missing one is fetched from the dataset's `url` first.

    Where all files are present nothing is written and nothing is checked. A fetched file takes its
    place in one step, after its SHA-256 was checked where the dataset gives one. Processes that
    want the same dataset wait for each other.

    Raises:
        DataError: if a file is neither there nor can be fetched.
        ConfigError: if `url` can't be used.
    """
    folder = datasets_dir.expanduser() / Path(config.path).expanduser()
    files = {split: folder / file for split, file in config.files.items()}
    try:
        if not _missing(files):
            return files
        if folder.is_file():
            raise DataError(folder, None, "is a file", f"expected the folder of dataset {name}")
        if config.url is None:
            raise _by_hand(name, files, f"dataset.{name}.url gives no place to fetch it from")
        _check_url(name, config.url)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if config.url.startswith(_GENERATED):
                _generate(name, config, folder, files)
            else:
                _download(name, config, files)
    except OSError as error:
        legal = "set datasets_dir to a folder that you may write in"
        found = f"dataset {name} is not there, and can't be put there: {error.strerror or error}"
        raise DataError(folder, None, found, f"{legal}, or put the files there by hand") from None
    return files


def _missing(files: dict[str, Path]) -> list[str]:
    return [split for split, path in files.items() if not path.exists()]


def _by_hand(name: str, files: dict[str, Path], why: str) -> DataError:
    first, *others = [files[split] for split in _missing(files)]
    also = f" (nor {', '.join(path.name for path in others)})" if others else ""
    found = f"no such file{also}; {why}"
    return DataError(first, None, found, f"put the files of dataset {name} there by hand")


def _check_url(name: str, url: str) -> None:
    key = f"dataset.{name}.url"
    if url.startswith(_GENERATED):
        return
    if urlsplit(url).scheme not in _SCHEMES:
        raise ConfigError(
            key, f"is {url!r}", "expected an http, https or file address with {file} in it"
        )
    if "{file}" not in url:
        found = f"{url!r} has no {{file}}, the place of a file's name"
        raise ConfigError(key, found, "expected for example https://example.org/corpus/{file}")


def _download(name: str, config: DatasetConfig, files: dict[str, Path]) -> None:
    for split in _missing(files):
        url = str(config.url).replace("{file}", config.files[split])
        log.info("dataset %s: fetching %s", name, url)
        try:
            with urlopen(url, timeout=TIMEOUT) as response:
                data = response.read()
        except (OSError, HTTPException, ValueError) as error:
            raise _by_hand(name, files, f"{url} can't be fetched: {error}") from None
        files[split].parent.mkdir(parents=True, exist_ok=True)
        # Under the lock no other process writes this name; what a killed one left is overwritten.
        part = files[split].with_name(f".{files[split].name}.part")
        part.write_bytes(data)
        _install(part, files[split], name, split, config, url)


def _generate(name: str, config: DatasetConfig, folder: Path, files: dict[str, Path]) -> None:
    from bioner.text import demo  # only the demo datasets need their names and patterns loaded

    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        demo.write(str(config.url).removeprefix(_GENERATED), part)
        for split in _missing(files):
            _install(part / f"{split}.tsv", files[split], name, split, config, str(config.url))
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _install(
    part: Path, target: Path, name: str, split: str, config: DatasetConfig, origin: str
) -> None:
    """Move a whole file to its place, or remove it if it is not the one that is wanted."""
    found, wanted = sha256(part), config.sha256.get(split)
    if wanted is not None and found != wanted.lower():
        part.unlink()
        raise DataError(
            target,
            None,
            f"what {origin} gives has SHA-256 {found}, but dataset.{name}.sha256.{split} "
            f"is {wanted}; it was not kept",
            "put the right file there by hand, or correct the YAML",
        )
    part.replace(target)
