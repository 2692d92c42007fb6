"""Where the files of a dataset come from when they are not there, and what is said if nowhere."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from bioner.config.dataset import DatasetConfig
from bioner.corpora.fetching.places import GENERATED
from bioner.errors import ConfigError, DataError

_SCHEMES = ("http", "https", "file")
_MIRROR = "expected a folder, or an http, https or file address, that holds PATH/FILE of a dataset"


def missing(files: dict[str, Path]) -> list[str]:
    """Return the splits whose files are not there."""
    return [split for split, path in files.items() if not path.exists()]


def by_hand(
    name: str, files: dict[str, Path], why: str, archive: str | None = None, other: str = ""
) -> DataError:
    """Return the error that asks the user to put files where they belong."""
    first, *others = [files[split] for split in missing(files)]
    also = f" (nor {', '.join(path.name for path in others)})" if others else ""
    found = f"no such file{also}; {why}"
    what = (
        f"the files of dataset {name}, or {archive}," if archive else f"the files of dataset {name}"
    )
    return DataError(first, None, found, f"put {what} there by hand{other}")


def no_address(name: str, files: dict[str, Path]) -> DataError:
    """Return the error for files that are not there and nowhere else."""
    why = f"dataset.{name}.url gives no place to fetch it from"
    other = f", or name others in dataset.{name}.files"
    lacking = [split for split in missing(files) if split != "train"]
    if lacking == missing(files):
        shares = " and ".join(f"dataset.{name}.{split}_share" for split in lacking)
        other += f", or leave {' and '.join(lacking)} out of them and give {shares}"
    return by_hand(name, files, why, other=other)


def address(name: str, config: DatasetConfig, mirror: str | None) -> str | None:
    """Return the address of the files, with `{file}` for a file's name, or None where none is.

    Raises:
        ConfigError: `url` or the mirror can't be used.
    """
    url = config.url
    generated = url is not None and url.startswith(GENERATED)
    if mirror is not None and not generated and not Path(config.path).expanduser().is_absolute():
        return _mirrored(config, mirror)
    if url is None or generated:
        return url
    key = f"dataset.{name}.url"
    if _scheme(url) not in _SCHEMES:
        raise ConfigError(
            key, f"is {url!r}", "expected an http, https or file address with {file} in it"
        )
    if "{file}" not in url and config.archive is None:
        found = f"{url!r} has no {{file}}, the place of a file's name"
        raise ConfigError(key, found, "expected for example https://example.org/corpus/{file}")
    return url


def _scheme(url: str) -> str:
    """Return the scheme of an address; "" of what is none."""
    with suppress(ValueError):  # a bracket in the name of the host
        return urlsplit(url).scheme
    return ""


def _mirrored(config: DatasetConfig, mirror: str) -> str:
    scheme, colon, _ = mirror.partition("://")
    if not colon:
        folder = Path(mirror).expanduser()
        if not folder.is_dir():
            raise ConfigError("datasets_mirror", f"is {mirror!r}, which is no folder", _MIRROR)
        mirror = folder.resolve().as_uri()
    elif scheme not in _SCHEMES:
        raise ConfigError("datasets_mirror", f"is {mirror!r}", _MIRROR)
    return f"{mirror.rstrip('/')}/{quote(config.path)}/{{file}}"
