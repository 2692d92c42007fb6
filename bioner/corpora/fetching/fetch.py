"""The files of a dataset; the ones that are missing are fetched, checked and kept."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from bioner.config.dataset import DatasetConfig
from bioner.corpora.fetching.address import address, by_hand, missing, no_address
from bioner.corpora.fetching.archive import ArchiveError, unpack
from bioner.corpora.fetching.download import DownloadError, download
from bioner.corpora.fetching.hub import write_split
from bioner.corpora.fetching.places import GENERATED, check_paths, check_target, folder_of, locate
from bioner.corpora.files import sha256
from bioner.errors import DataError
from bioner.machine.user_cache import user_cache
from bioner.machine.writing import disk_error, naming

# Where the SHA-256 of the archive stands among those of the splits.
ARCHIVE = "archive"


def ensure(
    name: str, config: DatasetConfig, datasets_dir: Path, mirror: str | None = None
) -> dict[str, Path]:
    """Return the file of each split; a missing one is fetched from the dataset's `url` first.

    Where all files are present nothing is written and no content is checked. A fetched file takes
    its place in one step, after its SHA-256 was checked where the dataset gives one. An archive is
    fetched once, and kept beside the files that it holds. Processes that want the same dataset
    wait for each other; their lock, and what is not whole yet, lies in the user's cache.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie.
        mirror: a folder or an address that holds `PATH/FILE` of datasets, asked instead of `url`.

    Raises:
        DataError: if a file is neither there nor can be fetched.
        ConfigError: if `url` can't be used.
        OSError: if the disk takes no more, with the file.
    """
    check_paths(name, config)
    files = locate(config, datasets_dir)
    folder = folder_of(config, datasets_dir)
    try:
        if not missing(files):
            return files
        if folder.is_file():
            raise DataError(folder, None, "is a file", f"expected the folder of dataset {name}")
        url = address(name, config, mirror)
        archive = None if config.archive is None else folder / config.archive
        of_hub = url is None and config.hub.name is not None
        if url is None and not of_hub and not (archive and archive.exists()):
            raise no_address(name, files)
        check_target(name, folder, datasets_dir)
        with naming(folder), _work(folder) as work:
            if archive is not None:
                _unpack(name, config, files, archive, url, work)
            elif of_hub:
                _write(name, config, files, work)
            elif url is not None and url.startswith(GENERATED):
                _generate(name, config, files, work)
            else:
                for split in missing(files):
                    _download(name, config, split, files[split], files, str(url), work)
    except OSError as error:
        if disk_error(error) is not None:
            raise  # another folder would not help, and this names the file
        legal = "set datasets_dir to a folder that you may write in"
        found = f"dataset {name} is not there, and can't be put there: {error.strerror or error}"
        raise DataError(folder, None, found, f"{legal}, or put the files there by hand") from None
    return files


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """Lend a folder of the cache in which the files of a dataset are made, to one process alone.

    Nothing of it stays but the beginning of a download, which a further try goes on from. A folder
    of a dataset that is made for nothing goes too.
    """
    key = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:32]
    work = user_cache("fetching", key)
    work.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(work.with_suffix(".lock")):
        made = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(work / "made", ignore_errors=True)
        (work / "made").mkdir(parents=True)
        try:
            yield work
        finally:
            shutil.rmtree(work / "made", ignore_errors=True)
            for path in (work, *made):
                with suppress(OSError):  # it holds something
                    path.rmdir()


def _download(
    name: str,
    config: DatasetConfig,
    what: str,
    target: Path,
    files: dict[str, Path],
    address: str,
    work: Path,
) -> None:
    """Fetch one file: a split or, where `what` is `archive`, the archive."""
    file = str(config.archive) if what == ARCHIVE else config.files[what]
    url = address.replace("{file}", quote(file))
    # Under the lock no other process writes this name.
    part = work / quote(file, safe="")
    pinned = config.sha256.get(what)
    try:
        # Without a hash nothing would tell whether the rest is of the same file.
        resumed = download(url, part, resume=pinned is not None)
        if pinned is not None and resumed and sha256(part) != pinned.lower():
            part.unlink()
            download(url, part, resume=True)
    except DownloadError as error:
        raise by_hand(name, files, f"{url} can't be fetched: {error}", config.archive) from None
    _install(part, target, name, what, config, url)


def _unpack(
    name: str,
    config: DatasetConfig,
    files: dict[str, Path],
    archive: Path,
    url: str | None,
    work: Path,
) -> None:
    """Put the missing files in their places from the archive, which is fetched if need be."""
    if not archive.exists():
        _download(name, config, ARCHIVE, archive, files, str(url), work)
    else:
        _check_archive(name, config, archive)
    splits = missing(files)
    try:
        unpack(archive, [config.files[split] for split in splits], work / "made")
    except ArchiveError as error:
        legal = "remove it so that it is fetched again, or unpack it by hand"
        raise DataError(archive, None, f"can't be unpacked: {error}", legal) from None
    for split in splits:
        if not files[split].exists():  # two splits may be one file
            made = work / "made" / config.files[split]
            _install(made, files[split], name, split, config, str(archive))


def _check_archive(name: str, config: DatasetConfig, archive: Path) -> None:
    found, wanted = sha256(archive), config.sha256.get(ARCHIVE)
    if wanted is not None and found != wanted.lower():
        says = f"its SHA-256 is {found}, but dataset.{name}.sha256.{ARCHIVE} is {wanted}"
        raise DataError(archive, None, says, "remove it so that it is fetched again")


def _generate(name: str, config: DatasetConfig, files: dict[str, Path], work: Path) -> None:
    # Only the demo datasets need their names and patterns loaded.
    from bioner.corpora.demo import generator

    generator.write(str(config.url).removeprefix(GENERATED), work / "made")
    for split in missing(files):
        made = work / "made" / f"{split}.tsv"
        _install(made, files[split], name, split, config, str(config.url))


def _write(name: str, config: DatasetConfig, files: dict[str, Path], work: Path) -> None:
    """Write the missing files from the hub."""
    for split in missing(files):
        made = work / "made" / split
        write_split(name, config, split, made)
        _install(made, files[split], name, split, config, str(config.hub.name))


def _install(
    made: Path, target: Path, name: str, split: str, config: DatasetConfig, origin: str
) -> None:
    """Move a whole file or folder to its place; one that is not the wanted one is removed."""
    wanted = config.sha256.get(split)
    found = None if made.is_dir() else sha256(made)
    if wanted is not None and found is not None and found != wanted.lower():
        made.unlink()
        raise DataError(
            target,
            None,
            f"what {origin} gives has SHA-256 {found}, but dataset.{name}.sha256.{split} "
            f"is {wanted}; it was not kept",
            "put the right file there by hand, or correct the YAML",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    # The cache may be on another file system: only beside its place a move is one step.
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.move(made, part)
        part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True) if part.is_dir() else part.unlink(missing_ok=True)
