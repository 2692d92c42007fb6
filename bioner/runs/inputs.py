"""Whether the files of a finished run are still those that it was trained on."""

from pathlib import Path

from bioner.config.train import TrainConfig
from bioner.corpora.fetching.places import locate
from bioner.errors import DataError
from bioner.runs.record import Record


def check_inputs(config: TrainConfig, record: Record) -> None:
    """Compare the files that no SHA-256 of a YAML pins with what the record says of them.

    The same config names the same run, but a corpus of one's own may have been edited since. Files
    that are not there any more say nothing.

    Args:
        config: of the run.
        record: of the run, complete.

    Raises:
        DataError: a file is another one.
    """
    for name, use in record.datasets.items():
        dataset = config.dataset[name]
        for split, path in locate(dataset, Path(config.datasets_dir)).items():
            pinned = split in dataset.sha256
            if pinned or not path.exists():
                continue
            from bioner.corpora.formats.all_formats import FORMATS  # late: most files are pinned

            if FORMATS[dataset.format].digest(path) != use.sha256[split]:
                found = f"the finished run {record.run} was trained on another {split} file"
                legal = "rerun=true replaces its result, study=ANOTHER keeps both"
                raise DataError(path, None, found, legal)
