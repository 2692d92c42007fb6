"""`bioner export`: a head of a run as a folder that needs no bioner."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transformers import PreTrainedModel
from transformers.utils import logging as chatter

from bioner.config.export import ExportConfig, ExportFormat
from bioner.config.head import Decode
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.schemes import to_iob2
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import spans
from bioner.errors import ConfigError
from bioner.machine.writing import check_place, gone_if_it_fails, naming
from bioner.model.bank import HeadPerTask
from bioner.model.crf import CrfHead
from bioner.model.encoder import Encoder
from bioner.model.heads import Head
from bioner.model.network import Network
from bioner.predict.card import card
from bioner.predict.device import FULL
from bioner.predict.finished import FinishedRun, open_run
from bioner.predict.marker_rows import write_out_markers
from bioner.predict.mention_scores import strict
from bioner.predict.tagger import Tagger, load_tagger
from bioner.predict.token_classifier import to_token_classifier, without_transitions
from bioner.runs.percent import percent, points

log = logging.getLogger(__name__)


def export(config: ExportConfig) -> None:
    """Write the folder, and print what the exported model loses, where it loses something.

    Raises:
        UserError: what the user gave can't be used, or the head can't be exported.
    """
    output = Path(config.output).resolve()  # of a link, what it leads to
    _check_free(output, config.overwrite)
    check_place("output", output)
    run = open_run(Path(config.run), config.fetch)
    name = _only(run, config.of_head)
    if run.config.encoder.syntax.kinds:
        found = "has encoder.syntax.kinds, whose features no program but bioner gives"
        raise ConfigError("run", found, "bioner predict")
    tagger = load_tagger(run, [name], "cpu", FULL)
    (network,) = tagger.networks.values()
    head = network.bank.head(name)
    # From here on rows are read as the folder will read them.
    window, tokenizer = write_out_markers(network.encoder, tagger.tokenizer, tagger.window, name)
    tagger = replace(tagger, window=window, tokenizer=tokenizer)
    model = to_token_classifier(run.config.encoder, network.encoder, head)
    losses = []
    if isinstance(head, CrfHead) or head.legal:
        losses.append(_word_by_word(config, run, name, tagger, network.encoder, head))
    if window.documents:
        losses.append(
            "In training, and in what is measured here, a text was neighbouring sentences of a "
            f"document, up to {window.max_pieces} pieces: give it such, not single sentences.\n"
        )
    partial = output.with_name(f"{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with naming(partial), gone_if_it_fails(partial):
        partial.mkdir(parents=True)
        _write(config, run, head, tagger, model, losses, partial)
        if output.exists():
            shutil.rmtree(output)
        partial.replace(output)
    log.info("head %s written to %s", name, output)


def _write(
    config: ExportConfig,
    run: FinishedRun,
    head: Head,
    tagger: Tagger,
    model: PreTrainedModel,
    losses: list[str],
    partial: Path,
) -> None:
    """Write the folder's files; `losses` is what the card says of them, but of rounding."""
    (name,) = tagger.tags
    chatter.disable_progress_bar()
    model.save_pretrained(partial)
    for file in partial.glob("*.safetensors"):  # which nobody but the owner could read
        shutil.copymode(partial / "config.json", file)
    tagger.tokenizer.model_max_length = tagger.window.max_pieces
    tagger.tokenizer.save_pretrained(partial)
    if config.format == ExportFormat.onnx:
        losses = losses + _onnx(config, run, head, name, tagger, model, partial)
    text = card(run, name, losses, lacks_transitions=isinstance(head, CrfHead))
    with naming(partial / "README.md"):
        (partial / "README.md").write_text(text, encoding="utf-8")


def _check_free(output: Path, overwrite: bool) -> None:
    """Refuse to replace what export can't have written."""
    if not output.exists():
        return
    if not overwrite:
        raise ConfigError("output", f"{output} exists", "overwrite=true replaces it")
    if not (output / "config.json").is_file() or not (output / "README.md").is_file():
        raise ConfigError("overwrite", f"{output} is no exported folder", "another output")


def _only(run: FinishedRun, head: str | None) -> str:
    heads = run.choose([] if head is None else [head])
    if len(heads) > 1:
        raise ConfigError("head", "is not given", f"one of {', '.join(heads)}")
    return heads[0]


def _word_by_word(
    config: ExportConfig,
    run: FinishedRun,
    name: str,
    tagger: Tagger,
    encoder: Encoder,
    head: Head,
) -> str:
    """Measure on devel what a head loses that tags each word by itself, and say it."""
    sentences = _devel(config, run, name)
    kinds: dict[str, Head] = {"whole": head, "words": without_transitions(head)}
    kinds["words"].decode_as(Decode.argmax)
    tags = dict.fromkeys(kinds, head.tags)
    both = Network(encoder, HeadPerTask(tags, lambda kind, _: kinds[kind], run.config.head)).eval()
    tagged = replace(tagger, tags=tags, networks={tuple(kinds): both}).tag(sentences)
    f1 = {
        kind: score(sentences, [as_read(head, found.tags(i)) for i in range(len(sentences))])
        for kind, found in tagged.items()
    }
    if isinstance(head, CrfHead):
        dropped, with_it = "The CRF's transitions are dropped", "with them"
    else:
        dropped, with_it = "Each word's tag is its best, legal or not", "with legal tags"
    said = (
        f"{dropped}: strict F1 on {_devel_name(run, name)} is {percent(f1['words'])} so, "
        f"{percent(f1['whole'])} {with_it} ({points(f1['words'] - f1['whole'])}).\n"
    )
    log.info("%s", said.strip())
    return said


def _onnx(
    config: ExportConfig,
    run: FinishedRun,
    head: Head,
    name: str,
    tagger: Tagger,
    model: PreTrainedModel,
    folder: Path,
) -> list[str]:
    """Write the model for ONNX Runtime, and return what rounding it to 8 bits loses on devel."""
    try:
        from bioner.predict import onnx_model
    except ImportError as error:
        legal = "pip install 'bioner[onnx]'"
        raise ConfigError("format", f"is onnx, and {error.name} is not installed", legal) from error
    onnx_model.write(model, folder)
    if not config.int8:
        return []
    onnx_model.round_weights(folder)
    sentences, tags = _devel(config, run, name), tagger.tags[name]

    def f1(file: str) -> float:
        session, tokenizer = onnx_model.open_model(folder / file), tagger.tokenizer
        found = onnx_model.tag(session, sentences, tokenizer, tagger.window, tags)
        return score(sentences, [as_read(head, row) for row in found])

    plain, rounded = f1(onnx_model.PLAIN), f1(onnx_model.ROUNDED)
    said = (
        f"Strict F1 on {_devel_name(run, name)} is {percent(rounded)} with {onnx_model.ROUNDED}, "
        f"{percent(plain)} with {onnx_model.PLAIN} ({points(rounded - plain)}).\n"
    )
    log.info("%s", said.strip())
    return [said]


def _devel(config: ExportConfig, run: FinishedRun, name: str) -> Sequence[Sentence]:
    """Return the devel sentences of the head's own dataset."""
    dataset, folder = run.config.dataset[name], Path(config.datasets_dir)
    run.check_datasets([name], folder)
    corpus = load_corpus(name, dataset, folder, config.datasets_mirror)
    return corpus.splits["devel"].sentences


def _devel_name(run: FinishedRun, name: str) -> str:
    """Return what a card calls the devel split."""
    trained = run.record.task(name).devel_trained
    return "devel, which was trained on," if trained else "devel"


def as_read(head: Head, tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags of a sentence as the model card says that they are read.

    A CRF allows no I- that continues nothing, so its emissions need not know B- from I- where a
    mention begins: without the transitions such an I- begins one.
    """
    return to_iob2(tags, "IO") if isinstance(head, CrfHead) else tuple(tags)


def score(sentences: Sequence[Sentence], tags: Sequence[Sequence[str]]) -> float:
    """Return the strict F1 of predicted tags."""
    gold, guess = [spans(s.tags) for s in sentences], [spans(row) for row in tags]
    types = sorted({mention.type for row in (*gold, *guess) for mention in row})
    return strict(gold, guess, types).f1
