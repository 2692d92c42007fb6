"""Where the files of a dataset lie, and that its YAML leads nowhere else."""

from pathlib import Path, PureWindowsPath

from bioner.config.dataset import DatasetConfig
from bioner.errors import ConfigError, DataError
from bioner.machine.user_cache import user_cache

# Before the name of what bioner makes itself.
GENERATED = "generated:demo/"


def locate(config: DatasetConfig, datasets_dir: Path) -> dict[str, Path]:
    """Return where the file of each split that has one lies, or would lie."""
    folder = folder_of(config, datasets_dir)
    return {split: folder / file for split, file in config.files.items()}


def folder_of(config: DatasetConfig, datasets_dir: Path) -> Path:
    """Return the folder of a dataset; what is generated lies in the cache if it is not there."""
    path = Path(config.path).expanduser()
    folder = datasets_dir.expanduser() / path
    generated = config.url is not None and config.url.startswith(GENERATED)
    if not generated or path.is_absolute() or folder.is_file():
        return folder
    there = all((folder / file).exists() for file in config.files.values())
    return folder if there else user_cache("datasets") / path


def is_here(config: DatasetConfig, datasets_dir: Path) -> bool:
    """Say whether the files of a dataset are there, or can be made of what is there."""
    archive = config.archive and folder_of(config, datasets_dir) / config.archive
    if (config.url or "").startswith(GENERATED) or (archive and archive.exists()):
        return True
    return all(path.exists() for path in locate(config, datasets_dir).values())


def check_paths(name: str, config: DatasetConfig) -> None:
    """Check that all that a dataset's YAML names lies below its folder.

    Raises:
        ConfigError: with the full key.
    """
    legal = "expected a path below the folder of the dataset"
    for split, file in config.files.items():
        if _leads_out(file):
            raise ConfigError(f"dataset.{name}.files.{split}", f"is {file!r}", legal)
    if config.archive is not None and _leads_out(config.archive):
        raise ConfigError(f"dataset.{name}.archive", f"is {config.archive!r}", legal)
    if not Path(config.path).expanduser().is_absolute() and _leads_out(config.path):
        legal = "expected a path below datasets_dir, or an absolute one"
        raise ConfigError(f"dataset.{name}.path", f"is {config.path!r}", legal)


def _leads_out(path: str) -> bool:
    windows = PureWindowsPath(path)  # knows both kinds of slashes, and drives
    return bool(windows.anchor) or ".." in windows.parts or path.startswith("~") or "\0" in path


def check_target(name: str, folder: Path, datasets_dir: Path) -> None:
    """Refuse to write elsewhere than below `datasets_dir` or the cache.

    Raises:
        DataError: the folder of the dataset lies elsewhere.
    """
    whole = folder.absolute()
    roots = (datasets_dir.expanduser().absolute(), user_cache("datasets"))
    if ".." in whole.parts or not any(whole.is_relative_to(root) for root in roots):
        found = f"dataset {name} is not there, and nothing is fetched to outside of datasets_dir"
        legal = f"put the files there by hand, or give dataset.{name}.path below datasets_dir"
        raise DataError(folder, None, found, legal)
