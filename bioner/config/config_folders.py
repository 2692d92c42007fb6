"""The folders of configs, and the catalogues of all datasets and of all encoders in them."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bioner.errors import DataError

CATALOGUE = "catalogue"
"""The config of the group `dataset` that holds or loads all others of the group."""


def shipped(folder: str) -> Path:
    """Return `conf` or `experiments`: inside an installed wheel, else beside the package."""
    package = Path(__file__).parents[1]
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder


def config_file(name: str, own: Sequence[Path]) -> str:
    """Return the path of the YAML file behind a config's name, or the name where there is none.

    Args:
        name: as Hydra has it, `GROUP/NAME`.
        own: the user's folders of configs.
    """
    for folder in (*own, shipped("conf"), shipped("experiments").parent):
        for path in (name, name.replace("experiment/", "experiments/", 1)):
            file = folder / f"{path}.yaml"
            if file.is_file():
                return str(file)
    return name


@cache
def shipped_names(group: str) -> frozenset[str]:
    """Return the names of the shipped configs of a group."""
    return frozenset(file.stem for file in (shipped("conf") / group).glob("*.yaml"))


def all_names(group: str, config: Iterable[Any]) -> list[str]:
    """Return what a list of datasets or encoders may hold: the shipped ones and a config's own."""
    return sorted(shipped_names(group) | {*map(str, config)})


@cache
def read_dataset(name: str) -> dict[str, Any]:
    """Return what the YAML of a shipped dataset says; it is not to be changed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    file = shipped("conf") / "dataset" / f"{name}.yaml"
    return dict(yaml.load(file.read_text(encoding="utf-8"), loader))


def catalogue(
    own: Sequence[Path], described: Iterable[str], named: Iterable[str]
) -> dict[str, Any]:
    """Return the config that holds datasets under their own names.

    The shipped ones are in it. Hydra would merge as many files into the config, one after the
    other: a quarter of the time that it takes to compose one.

    Args:
        own: the user's folders of configs, whose files Hydra loads by their names.
        described: datasets that have no file, but an empty config in Hydra's store.
        named: shipped ones that are to be in it.

    Raises:
        DataError: a dataset's name can't be used.
    """
    names = set(described)
    for file in (file for folder in own for file in folder.glob("dataset/*.yaml")):
        if "." in file.stem:  # the name is part of keys, dataset.NAME.path
            raise DataError(file, None, "a dataset's name has no dot", "rename the file")
        names.add(file.stem)
    ours = {name: read_dataset(name) for name in sorted({*named} - names)}
    return {"defaults": [f"{name}@{name}" for name in sorted(names - {CATALOGUE})], **ours}


def refuse_hidden(own: Iterable[Path]) -> None:
    """Refuse a user's config that has the name of a shipped one, which Hydra would read instead.

    A copy that says the same is none the worse for it.

    Raises:
        DataError: naming both files.
    """
    conf = shipped("conf")
    for folder in own:
        for ours in conf.rglob("*.yaml"):
            file = folder / ours.relative_to(conf)
            if file.is_file() and file.read_bytes() != ours.read_bytes():
                found = f"would not be read: {ours} has the same name and comes first"
                raise DataError(file, None, found, "another name for the file")


def has_file(name: str, folders: Iterable[Path]) -> bool:
    """Say whether a dataset has a file of its own."""
    return any((folder / "dataset" / f"{name}.yaml").is_file() for folder in folders)


def encoders(own: Iterable[Path], named: Collection[str]) -> dict[str, Any]:
    """Return the config that loads encoders under their own names: the user's, and named ones."""
    names = {file.stem for folder in own for file in folder.glob("encoder/*.yaml")}
    return {"defaults": [{f"encoder@encoder.{name}": name} for name in sorted({*named} | names)]}


def encoder_of(model: str, folders: Iterable[Path]) -> str | None:
    """Return the name of the encoder whose weights are those of a model of the hub, if one is."""
    for file in (file for folder in folders for file in sorted(folder.glob("encoder/*.yaml"))):
        if yaml.safe_load(file.read_text(encoding="utf-8")).get("name") == model:
            return file.stem
    return None


def experiments() -> list[str]:
    """Return the names of the shipped configs that `experiment=` takes."""
    root = shipped("experiments")
    return sorted(str(file.relative_to(root).with_suffix("")) for file in root.rglob("*.yaml"))
