"""The folder of the user's cache: what bioner makes for itself lies there, and nowhere else."""

from pathlib import Path

from platformdirs import user_cache_path


def user_cache(*names: str) -> Path:
    """Return a folder, or what is in one, of bioner's part of the user's cache; it need not be."""
    return user_cache_path("bioner").joinpath(*names)
