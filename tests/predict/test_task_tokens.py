"""Runs with task tokens: what is loaded again, and what leaves the house, give the run's tags."""

from pathlib import Path

import pytest

from bioner.errors import ConfigError
from bioner.predict.export import export
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from tests.composition import composed
from tests.predict.test_export import config_of as export_config
from tests.predict.test_export import word_level
from tests.predict.test_tagger import predictions
from tests.train.test_run import config_of, run

BOTH = ["finetune=mtl", "finetune.targets=[demo_disease,demo_chemical]", "finetune.train_size=64"]
SHORT = ["finetune.epochs=2", "finetune.devel_size=24", "encoder.task_tokens=types"]


def test_a_run_is_read_again_and_exported_with_its_markers(tmp_path: Path) -> None:
    given = [*BOTH, *SHORT, "head.decode=argmax", "selection=last"]
    directory, _ = run(config_of(tmp_path, *given))
    found = open_run(directory)
    tagger = load_tagger(found, ["demo_disease", "demo_chemical"], "cpu", found.record.precision)
    assert len(tagger.networks) == 1  # each head has a pass of its own through it
    for target in ("demo_disease", "demo_chemical"):
        rows = predictions(directory / "predictions" / f"{target}.test.tsv")
        sentences, expected = [one for one, _ in rows], [tags for _, tags in rows]
        assert any("B" in tag for tags in expected for tag in tags)
        tagged = tagger.tag(sentences)[target]
        assert [tagged.tags(i) for i in range(len(rows))] == expected
    output = tmp_path / "out"
    datasets = tmp_path.parent / "datasets"
    export(export_config(datasets, directory, output, "of_head=demo_chemical"))
    assert word_level(output, sentences) == expected


def test_a_measure_reads_words_without_a_task() -> None:
    from bioner.config.measure import to_measure_config

    given = ["sources=[bc2gm]", "targets=[s800]", "encoder.task_tokens=dataset"]
    with pytest.raises(ConfigError, match=r"encoder\.task_tokens: is dataset, and measures"):
        to_measure_config(composed(*given, verb="measure"))
