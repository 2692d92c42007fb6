"""The model card of an exported head."""

import re
from collections.abc import Sequence
from pathlib import Path

import yaml
from omegaconf import OmegaConf

from bioner.config.encoder import EncoderConfig
from bioner.predict.finished import FinishedRun
from bioner.runs.percent import percent
from bioner.runs.record import Record
from bioner.runs.scores import EntityScores, SplitScores

RULE = """\
The tag of a word is the label with the largest logit at the word's first piece:

```python
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("FOLDER")
model = AutoModelForTokenClassification.from_pretrained("FOLDER")
words = ["Mutations", "in", "BRCA1", "cause", "breast", "cancer", "."]
pieces = tokenizer(words, is_split_into_words=True, return_tensors="pt")
with torch.no_grad():
    labels = model(**pieces).logits[0].argmax(-1).tolist()
first = {word: at for at, word in reversed(list(enumerate(pieces.word_ids()))) if word is not None}
tags = [model.config.id2label[labels[first[i]]] if i in first else "O" for i in range(len(words))]
```

A mention begins with B-TYPE and goes on with I-TYPE; an I-TYPE that continues nothing {ORPHAN}.
In training, words ended at blanks and around punctuation. `pipeline("token-classification")` gives
the labels of all pieces; with `aggregation_strategy="first"` it joins those of one word by their
first piece and shows words between blanks. Sentences longer than the model are to be cut.
"""

# OWNER/NAME, or the name alone of the oldest ones.
_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")

_ORPHAN = "is outside"
_ORPHAN_OF_CRF = "begins one: the\ntransitions, which this model lacks, kept it from standing there"


def card(run: FinishedRun, head: str, losses: Sequence[str], lacks_transitions: bool) -> str:
    """Return the README.md of an exported head.

    Args:
        run: where it comes from.
        head: its name.
        losses: what the export changed, one sentence each.
        lacks_transitions: whether the head was a CRF.
    """
    rule = RULE.replace("{ORPHAN}", _ORPHAN_OF_CRF if lacks_transitions else _ORPHAN)
    encoder = run.config.encoder
    front = yaml.safe_dump(
        {
            "library_name": "transformers",
            "pipeline_tag": "token-classification",
            "language": "en",
            **({"base_model": encoder.name} if _is_of_the_hub(encoder) else {}),
            "tags": ["biomedical", "named-entity-recognition", "bioner"],
        },
        sort_keys=False,
    )
    record = run.record
    parts = [
        f"---\n{front}---\n",
        f"# {head} ({record.regime})\n",
        _origin(run, head),
        *losses,
        f"## Scores\n\nStrict entity-level scores of the run.\n\n{_scores(record, head)}",
        f"## Trained on\n\n{_corpora(run)}",
        f"## Decoding\n\n{rule}",
        f"## Config\n\n```yaml\n{OmegaConf.to_yaml(OmegaConf.create(record.config))}```\n",
    ]
    return "\n".join(parts)


def card_of_run(run: FinishedRun, head: str, use: str, says: Sequence[str]) -> str:
    """Return a model card of a run's head that stays with bioner.

    Args:
        run: the run.
        head: its name.
        use: the command that tags text with it.
        says: further paragraphs, as of how it was chosen.
    """
    record = run.record
    parts = [
        f"# {head} ({record.regime})\n",
        _origin(run, head),
        f"```sh\n{use}\n```\n",
        *(f"{paragraph}\n" for paragraph in says),
        f"## Scores\n\nStrict entity-level scores of the run.\n\n{_scores(record, head)}",
        f"## Trained on\n\n{_corpora(run)}",
        f"## Config\n\n```yaml\n{OmegaConf.to_yaml(OmegaConf.create(record.config))}```\n",
    ]
    return "\n".join(parts)


def _origin(run: FinishedRun, head: str) -> str:
    encoder = run.config.encoder
    made = "" if encoder.from_scratch is None else " with random weights"
    return f"The head `{head}` of the bioner run `{run.record.run}` on `{encoder.name}`{made}.\n"


def _is_of_the_hub(encoder: EncoderConfig) -> bool:
    """Say whether the weights are those of a model of the Hugging Face hub."""
    is_id = _HUB_ID.fullmatch(encoder.name) is not None and not Path(encoder.name).exists()
    return is_id and encoder.from_scratch is None


def _scores(record: Record, head: str) -> str:
    left_out = "devel" if record.task(head).devel_trained else ""  # which says nothing of new text
    rows: list[tuple[str, EntityScores | SplitScores]] = [
        (f"{head} {split}", found)
        for split, found in record.scores[head].by_split().items()
        if split != left_out
    ]
    if not rows:
        return "None: devel was trained on, and there is no test.\n"
    for name, splits in record.cross.get(head, {}).items():
        rows += [(f"{name} {split} (evaluated)", cell.strict) for split, cell in splits.items()]
    lines = [
        "| split | type | precision, % | recall, % | F1, % | mentions |",
        "| --- | --- | --: | --: | --: | --: |",
    ]
    for name, found in rows:
        for kind, one in (("all", found), *found.by_type.items()):
            lines.append(
                f"| {name} | {kind} | {percent(one.precision)} | {percent(one.recall)} | "
                f"{percent(one.f1)} | {one.support} |"
            )
    return "\n".join(lines) + "\n"


def _corpora(run: FinishedRun) -> str:
    lines = ["| corpus | role | train sentences | licence |", "| --- | --- | --: | --- |"]
    uses = [use for stage in run.record.stages for use in stage.tasks.items()]
    for name, use in uses:
        dataset = run.config.dataset[name]
        title = f"{name}: {dataset.title}" if dataset.title else name
        lines.append(
            f"| {title} | {use.role} | {use.train_sentences} | {dataset.licence or 'not stated'} |"
        )
    return "\n".join(lines) + "\n"
