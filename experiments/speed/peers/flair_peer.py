"""flair: TransformerWordEmbeddings and a SequenceTagger, fine-tuned; then its predict on words.

flair 0.15 wants transformers below 5, so it lives in an environment of its own (README.md).
"""

import rounds

if __name__ == "__main__":
    JOB, ROUNDS = rounds.start()

from pathlib import Path

import flair
import torch
from flair.data import Sentence
from flair.datasets import ColumnCorpus
from flair.embeddings import TransformerWordEmbeddings
from flair.models import SequenceTagger
from flair.trainers import ModelTrainer
from flair.trainers.plugins import TrainerPlugin


class Paced(TrainerPlugin):
    """Keeps the rounds."""

    def __init__(self, line: rounds.Rounds) -> None:
        super().__init__()
        self._line = line

    @TrainerPlugin.hook
    def before_training_epoch(self, **_: object) -> None:
        """Begin a round."""
        self._line.begin()

    @TrainerPlugin.hook
    def after_training_batch(self, **_: object) -> None:
        """Count an update."""
        self._line.done()


def tagger_of(job: rounds.Job, line: rounds.Rounds, corpus: ColumnCorpus) -> SequenceTagger:
    """Return the tagger of flair's fine-tuning recipe: a linear layer on the transformer."""
    embeddings = TransformerWordEmbeddings(
        job.model, layers="-1", subtoken_pooling="first", fine_tune=True, use_context=False
    )
    line.watch_padding(embeddings.model)
    return SequenceTagger(
        hidden_size=256,
        embeddings=embeddings,
        tag_dictionary=corpus.make_label_dictionary("ner", add_unk=False),
        tag_type="ner",
        tag_format="BIO",
        use_crf=False,
        use_rnn=False,
        reproject_embeddings=False,
    )


def tags_of(sentence: Sentence) -> list[str]:
    """Return the predicted tags."""
    tags = ["O"] * len(sentence)
    for span in sentence.get_spans("ner"):
        for place, token in enumerate(span.tokens):
            tags[token.idx - 1] = f"{'I' if place else 'B'}-{span.tag}"
    return tags


def main(job: rounds.Job, line: rounds.Rounds) -> None:
    """Train, predict, report."""
    torch.set_num_threads(job.threads)
    flair.set_seed(job.seed)
    flair.device = torch.device("cpu")
    corpus = ColumnCorpus(
        job.corpus,
        {0: "text", 1: "ner"},
        train_file="train.tsv",
        column_delimiter="\t",
        comment_symbol=None,
        autofind_splits=False,
        sample_missing_splits=False,
    )
    tagger = tagger_of(job, line, corpus)
    ModelTrainer(tagger, corpus).fine_tune(
        Path(job.output),
        learning_rate=3e-4,
        mini_batch_size=job.sentences,
        max_epochs=job.rounds,
        plugins=[Paced(line)],
        save_final_model=False,
    )
    words, gold = job.read("test")
    tagger.eval()
    for _ in range(job.rounds):
        sentences = [Sentence(row) for row in words]
        line.begin()
        tagger.predict(sentences, mini_batch_size=32)
        line.end()
    f1 = rounds.strict_f1(gold, [tags_of(sentence) for sentence in sentences])
    line.tell("end", f1=f1, versions=rounds.versions("flair", "torch", "transformers"))


if __name__ == "__main__":
    main(JOB, ROUNDS)
