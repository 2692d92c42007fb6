"""The peer: a plain Hugging Face Trainer run of the token-classification recipe.

Nothing of bioner is used, so that the comparison has two independent sides. First piece of every
word carries the label, the rest -100; the epoch with the best devel F1 is tested; strict IOB2.

    python experiments/hf_trainer/train.py CORPUS_DIR MODEL_DIR --seed 1 --epochs 2
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2
from torch.utils.data import Dataset
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)

LABELS = ["O", "B-Disease", "I-Disease"]


def read(path: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Words and tags of every sentence of a two-column file."""
    blocks = [block.splitlines() for block in path.read_text("utf-8").strip().split("\n\n")]
    rows = [[line.split("\t") for line in block] for block in blocks]
    return [[row[0] for row in s] for s in rows], [[row[1] for row in s] for s in rows]


class Encoded(Dataset):
    """Tokenised sentences with one label per word, on its first piece."""

    def __init__(self, path: Path, tokenizer) -> None:
        words, tags = read(path)
        self.features = tokenizer(words, is_split_into_words=True, truncation=True, max_length=512)
        self.labels = []
        for index, sentence_tags in enumerate(tags):
            previous, labels = None, []
            for word in self.features.word_ids(index):
                first = word is not None and word != previous
                labels.append(LABELS.index(sentence_tags[word]) if first else -100)
                previous = word
            self.labels.append(labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        return {
            "input_ids": self.features["input_ids"][index],
            "attention_mask": self.features["attention_mask"][index],
            "labels": self.labels[index],
        }


def scores(prediction: EvalPrediction) -> dict[str, float]:
    """Strict entity-level precision, recall and F1 by seqeval."""
    guesses = np.argmax(prediction.predictions, axis=-1)
    keep = prediction.label_ids != -100
    gold = [[LABELS[i] for i in row[k]] for row, k in zip(prediction.label_ids, keep, strict=True)]
    guess = [[LABELS[i] for i in row[k]] for row, k in zip(guesses, keep, strict=True)]
    judge = {"mode": "strict", "scheme": IOB2}
    return {
        "precision": precision_score(gold, guess, **judge),
        "recall": recall_score(gold, guess, **judge),
        "f1": f1_score(gold, guess, **judge),
    }


def main() -> None:
    """Train, select on devel, test, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--lr", type=float, default=3e-4)
    options = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    names = ("train", "devel", "test")
    splits = {name: Encoded(options.corpus / f"{name}.tsv", tokenizer) for name in names}
    model = AutoModelForTokenClassification.from_pretrained(options.model, num_labels=len(LABELS))
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                num_train_epochs=options.epochs,
                learning_rate=options.lr,
                per_device_train_batch_size=32,
                per_device_eval_batch_size=64,
                lr_scheduler_type="linear",
                warmup_steps=0.1,
                weight_decay=0.01,
                eval_strategy="epoch",
                save_strategy="epoch",
                load_best_model_at_end=True,
                metric_for_best_model="f1",
                save_total_limit=1,
                seed=options.seed,
                report_to=[],
                disable_tqdm=True,
            ),
            train_dataset=splits["train"],
            eval_dataset=splits["devel"],
            data_collator=DataCollatorForTokenClassification(tokenizer),
            compute_metrics=scores,
        )
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
        devel = trainer.evaluate(splits["devel"])["eval_f1"]
        test = trainer.evaluate(splits["test"], metric_key_prefix="test")
    about = {"seed": options.seed, "epochs": options.epochs, "seconds": seconds}
    print(json.dumps({**about, "devel_f1": devel, **test}))


if __name__ == "__main__":
    main()
