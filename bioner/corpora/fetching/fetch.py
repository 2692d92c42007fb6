"""Where the files of a dataset lie; the ones that are missing are fetched, checked and kept."""

import shutil
from pathlib import Path
from urllib.parse import quote, urlsplit

from filelock import FileLock

from bioner.config.dataset import DatasetConfig
from bioner.corpora.fetching.archive import ArchiveError, unpack
from bioner.corpora.fetching.download import DownloadError, download
from bioner.corpora.fetching.hub import write_split
from bioner.corpora.files import sha256
from bioner.errors import ConfigError, DataError

# Where the SHA-256 of the archive stands among those of the splits.
ARCHIVE = "archive"

_GENERATED = "generated:demo/"
_SCHEMES = ("http", "https", "file")
_MIRROR = "expected a folder, or an http, https or file address, that holds PATH/FILE of a dataset"


def locate(config: DatasetConfig, datasets_dir: Path) -> dict[str, Path]:
    """Return where the file of each split that has one lies, or would lie."""
    folder = _folder(config, datasets_dir)
    return {split: folder / file for split, file in config.files.items()}


def _folder(config: DatasetConfig, datasets_dir: Path) -> Path:
    return datasets_dir.expanduser() / Path(config.path).expanduser()


def ensure(
    name: str, config: DatasetConfig, datasets_dir: Path, mirror: str | None = None
) -> dict[str, Path]:
    """Return the file of each split; a missing one is fetched from the dataset's `url` first.

    Where all files are present nothing is written and nothing is checked. A fetched file takes its
    place in one step, after its SHA-256 was checked where the dataset gives one. An archive is
    fetched once, and kept beside the files that it holds. Processes that want the same dataset
    wait for each other.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie.
        mirror: a folder or an address that holds `PATH/FILE` of datasets, asked instead of `url`.

    Raises:
        DataError: if a file is neither there nor can be fetched.
        ConfigError: if `url` can't be used.
    """
    files = locate(config, datasets_dir)
    folder = _folder(config, datasets_dir)
    try:
        if not _missing(files):
            return files
        if folder.is_file():
            raise DataError(folder, None, "is a file", f"expected the folder of dataset {name}")
        url = _address(name, config, mirror)
        archive = None if config.archive is None else folder / config.archive
        of_hub = url is None and config.hub.name is not None
        if url is None and not of_hub and not (archive and archive.exists()):
            raise _no_address(name, files)
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if archive is not None:
                _unpack(name, config, files, archive, url)
            elif of_hub:
                _write(name, config, folder, files)
            elif url is not None and url.startswith(_GENERATED):
                _generate(name, config, folder, files)
            else:
                for split in _missing(files):
                    _download(name, config, split, files[split], files, str(url))
    except OSError as error:
        legal = "set datasets_dir to a folder that you may write in"
        found = f"dataset {name} is not there, and can't be put there: {error.strerror or error}"
        raise DataError(folder, None, found, f"{legal}, or put the files there by hand") from None
    return files


def _missing(files: dict[str, Path]) -> list[str]:
    return [split for split, path in files.items() if not path.exists()]


def _by_hand(
    name: str, files: dict[str, Path], why: str, archive: str | None = None, other: str = ""
) -> DataError:
    first, *others = [files[split] for split in _missing(files)]
    also = f" (nor {', '.join(path.name for path in others)})" if others else ""
    found = f"no such file{also}; {why}"
    what = (
        f"the files of dataset {name}, or {archive}," if archive else f"the files of dataset {name}"
    )
    return DataError(first, None, found, f"put {what} there by hand{other}")


def _no_address(name: str, files: dict[str, Path]) -> DataError:
    why = f"dataset.{name}.url gives no place to fetch it from"
    other = f", or name others in dataset.{name}.files"
    if _missing(files) == ["devel"]:
        other += f", or leave devel out of them and give dataset.{name}.devel_share"
    return _by_hand(name, files, why, other=other)


def _address(name: str, config: DatasetConfig, mirror: str | None) -> str | None:
    """Return the address of the files, with `{file}` for a file's name, or None where none is."""
    url = config.url
    generated = url is not None and url.startswith(_GENERATED)
    if mirror is not None and not generated and not Path(config.path).expanduser().is_absolute():
        return _mirrored(config, mirror)
    if url is None or generated:
        return url
    key = f"dataset.{name}.url"
    if urlsplit(url).scheme not in _SCHEMES:
        raise ConfigError(
            key, f"is {url!r}", "expected an http, https or file address with {file} in it"
        )
    if "{file}" not in url and config.archive is None:
        found = f"{url!r} has no {{file}}, the place of a file's name"
        raise ConfigError(key, found, "expected for example https://example.org/corpus/{file}")
    return url


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


def _download(
    name: str,
    config: DatasetConfig,
    what: str,
    target: Path,
    files: dict[str, Path],
    address: str,
) -> None:
    """Fetch one file: a split or, where `what` is `archive`, the archive."""
    file = str(config.archive) if what == ARCHIVE else config.files[what]
    url = address.replace("{file}", quote(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    # Under the lock no other process writes this name.
    part = target.with_name(f".{target.name}.part")
    pinned = config.sha256.get(what)
    try:
        # Without a hash nothing would tell whether the rest is of the same file.
        resumed = download(url, part, resume=pinned is not None)
        if pinned is not None and resumed and sha256(part) != pinned.lower():
            part.unlink()
            download(url, part, resume=True)
    except DownloadError as error:
        raise _by_hand(name, files, f"{url} can't be fetched: {error}", config.archive) from None
    _install(part, target, name, what, config, url)


def _unpack(
    name: str, config: DatasetConfig, files: dict[str, Path], archive: Path, url: str | None
) -> None:
    """Put the missing files in their places from the archive, which is fetched if need be."""
    if not archive.exists():
        _download(name, config, ARCHIVE, archive, files, str(url))
    else:
        _check_archive(name, config, archive)
    part = archive.parent / ".part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        splits = _missing(files)
        unpack(archive, [config.files[split] for split in splits], part)
        for split in splits:
            files[split].parent.mkdir(parents=True, exist_ok=True)
            unpacked = part / config.files[split]
            if unpacked.is_dir():
                unpacked.replace(files[split])
            else:
                _install(unpacked, files[split], name, split, config, str(archive))
    except ArchiveError as error:
        legal = "remove it so that it is fetched again, or unpack it by hand"
        raise DataError(archive, None, f"can't be unpacked: {error}", legal) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check_archive(name: str, config: DatasetConfig, archive: Path) -> None:
    found, wanted = sha256(archive), config.sha256.get(ARCHIVE)
    if wanted is not None and found != wanted.lower():
        says = f"its SHA-256 is {found}, but dataset.{name}.sha256.{ARCHIVE} is {wanted}"
        raise DataError(archive, None, says, "remove it so that it is fetched again")


def _generate(name: str, config: DatasetConfig, folder: Path, files: dict[str, Path]) -> None:
    from bioner.corpora.demo import (
        generator,  # only the demo datasets need their names and patterns loaded
    )

    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        generator.write(str(config.url).removeprefix(_GENERATED), part)
        for split in _missing(files):
            _install(part / f"{split}.tsv", files[split], name, split, config, str(config.url))
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _write(name: str, config: DatasetConfig, folder: Path, files: dict[str, Path]) -> None:
    """Write the missing files from the hub."""
    part = folder / ".part"
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir()
        for split in _missing(files):
            write_split(name, config, split, part / split)
            files[split].parent.mkdir(parents=True, exist_ok=True)
            _install(part / split, files[split], name, split, config, str(config.hub.name))
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
