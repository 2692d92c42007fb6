"""What keeps a dataset from being read or fetched, found before any work and without a download."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from bioner.config.dataset import DatasetConfig
from bioner.corpora.fetching.address import address, by_hand, missing, no_address
from bioner.corpora.fetching.places import GENERATED, check_paths, folder_of, locate
from bioner.errors import UserError
from bioner.machine.reachable import reachable

_PORTS = {"http": 80, "https": 443}
_HUB = "https://huggingface.co"


def obstacle(
    name: str, config: DatasetConfig, datasets_dir: Path, mirror: str | None = None
) -> str | None:
    """Return why a dataset is not there and can't be fetched, with what helps; None: it can.

    Args:
        name: the dataset's name in the catalogue.
        config: its YAML.
        datasets_dir: where the folders of datasets lie.
        mirror: as of `bioner.corpora.fetching.fetch.ensure`.
    """
    try:
        check_paths(name, config)
        files = locate(config, datasets_dir)
        if not missing(files):
            return None
        url = address(name, config, mirror)
    except UserError as error:
        return str(error)
    if config.archive is not None and (folder_of(config, datasets_dir) / config.archive).exists():
        return None
    if url is None and config.hub.name is not None:
        url = _HUB
    if url is None:
        return str(no_address(name, files))
    if url.startswith(GENERATED):
        return None
    why = _unreachable(url, [config.archive or config.files[split] for split in missing(files)])
    return None if why is None else str(by_hand(name, files, why, config.archive))


def _unreachable(url: str, wanted: list[str]) -> str | None:
    parts = urlsplit(url)
    if parts.scheme == "file":
        places = [Path(unquote(parts.path.replace("{file}", file))) for file in wanted]
        lacking = next((str(place) for place in places if not place.exists()), None)
        return None if lacking is None else f"{lacking} is not there either"
    host = parts.hostname or ""
    if reachable(host, parts.port or _PORTS.get(parts.scheme, 443)):
        return None
    return f"{host}, from where it is fetched, can't be reached"
