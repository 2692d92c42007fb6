"""The Hugging Face Trainer's token-classification recipe; then its pipeline on plain text.

With `grouped` batches hold similar lengths, and the pipeline gets the texts sorted, 32 at a time;
else they go one by one, which is the pipeline's default.
"""

from collections.abc import Iterator
from typing import Any

import rounds

if __name__ == "__main__":
    JOB, ROUNDS = rounds.start()

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    pipeline,
)
from transformers.trainer_pt_utils import get_length_grouped_indices


class Encoded(Dataset):
    """Tokenised sentences with one label per word, on its first piece; the rest is -100."""

    def __init__(self, job: rounds.Job, split: str, tokenizer: Any) -> None:
        words, tags_of = job.read(split)
        self._features = tokenizer(words, is_split_into_words=True)
        self._labels = []
        for index, tags in enumerate(tags_of):
            before, labels = None, []
            for word in self._features.word_ids(index):
                first = word is not None and word != before
                labels.append(job.tags.index(tags[word]) if first else -100)
                before = word
            self._labels.append(labels)

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        return {
            "input_ids": self._features["input_ids"][index],
            "attention_mask": self._features["attention_mask"][index],
            "labels": self._labels[index],
        }


class GroupingTrainer(Trainer):
    """Groups the lengths of the whole sample, where its own sampler would take a quarter of it.

    Of a whole corpus it takes up to fifty batches at a time, more than the sample has.
    """

    def _get_train_sampler(self, *_: Any) -> Sampler:
        lengths = [len(row["input_ids"]) for row in self.train_dataset]
        return _Grouped(lengths, self.args.per_device_train_batch_size)


class _Grouped(Sampler):
    def __init__(self, lengths: list[int], batch: int) -> None:
        self._lengths, self._batch = lengths, batch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        batches = -(-len(self._lengths) // self._batch)
        return iter(get_length_grouped_indices(self._lengths, self._batch, mega_batch_mult=batches))


class Paced(TrainerCallback):
    """Keeps the rounds."""

    def __init__(self, line: rounds.Rounds) -> None:
        self._line = line

    def on_epoch_begin(self, *_: Any, **__: Any) -> None:
        """Begin a round."""
        self._line.begin()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Count an update."""
        self._line.done()


def trainer_of(job: rounds.Job, line: rounds.Rounds) -> tuple[Trainer, Any]:
    """Return the trainer, and the tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(job.model)
    names = dict(enumerate(job.tags))
    model = AutoModelForTokenClassification.from_pretrained(
        job.model, id2label=names, label2id={tag: i for i, tag in names.items()}
    )
    line.watch_padding(model.base_model)
    trainer = (GroupingTrainer if job.grouped else Trainer)(
        model=model,
        args=TrainingArguments(
            output_dir=job.output,
            num_train_epochs=job.rounds,
            learning_rate=3e-4,
            per_device_train_batch_size=job.sentences,
            per_device_eval_batch_size=64,
            lr_scheduler_type="linear",
            warmup_steps=0.1,
            weight_decay=0.01,
            bf16=job.precision == "bf16",
            use_cpu=True,
            save_strategy="no",
            seed=job.seed,
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=Encoded(job, "train", tokenizer),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        callbacks=[Paced(line)],
    )
    return trainer, tokenizer


def f1_of(job: rounds.Job, trainer: Trainer, tokenizer: Any) -> float:
    """Return strict F1 on test, words given."""
    guess, labels, _ = trainer.predict(Encoded(job, "test", tokenizer))
    kept = labels != -100
    gold, found = (
        [[job.tags[i] for i in row[k]] for row, k in zip(ids, kept, strict=True)]
        for ids in (labels, np.argmax(guess, -1))
    )
    return rounds.strict_f1(gold, found)


def predict(job: rounds.Job, line: rounds.Rounds, tagger: Any) -> None:
    """Annotate the text of the test split, in rounds."""
    texts = [" ".join(words) for words in job.read("test")[0]]
    for _ in range(job.rounds):
        line.begin()
        if job.grouped:
            order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
            found = tagger([texts[i] for i in order], batch_size=32)
            assert len(dict(zip(order, found, strict=True))) == len(texts)
        else:
            tagger(texts)
        line.end()


def main(job: rounds.Job, line: rounds.Rounds) -> None:
    """Train, predict, report."""
    torch.set_num_threads(job.threads)
    trainer, tokenizer = trainer_of(job, line)
    trainer.train()
    model = trainer.model.eval()
    f1 = f1_of(job, trainer, tokenizer)
    if job.precision == "bf16":
        model = model.bfloat16()
    tagger = pipeline(
        "token-classification",
        model=model,
        tokenizer=tokenizer,
        aggregation_strategy="first",
        device="cpu",
    )
    predict(job, line, tagger)
    line.tell("end", f1=f1, versions=rounds.versions("torch", "transformers", "accelerate"))


if __name__ == "__main__":
    main(JOB, ROUNDS)
