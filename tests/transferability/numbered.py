"""Corpora of numbered sentences, which others may share."""

from pathlib import Path

from bioner.config.dataset import DatasetConfig


def numbered(tmp_path: Path, name: str, first: int, count: int, of: str = "Gene") -> DatasetConfig:
    """Write a corpus and return its YAML.

    Args:
        tmp_path: where its folder is made.
        name: of the folder.
        first: the number of its first training sentence.
        count: of them.
        of: the type of the mentions.
    """
    folder = tmp_path / name
    folder.mkdir()
    for split, (start, many) in {
        "train": (first, count),
        "devel": (first + 5000, 12),
        "test": (first + 6000, 12),
    }.items():
        text = "".join(
            f"the\tO\ngene\tO\nnumber\tO\n{i}\tB-{of}\nis\tO\nknown\tO\n\n"
            for i in range(start, start + many)
        )
        (folder / f"{split}.tsv").write_text(text)
    files = {split: f"{split}.tsv" for split in ("train", "devel", "test")}
    return DatasetConfig(path=str(folder), files=files, types=[of], licence="CC0 1.0")
