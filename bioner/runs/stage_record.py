"""What a record says of one stage of its run."""

from dataclasses import dataclass, field


@dataclass
class TaskUse:
    """How a stage used a dataset.

    Older records don't say of a source that was an auxiliary or a target too how pretraining used
    it: what is not known is None.

    Attributes:
        role: target, auxiliary or source, in this stage.
        train_sentences: those trained on.
        devel_sentences: those selected by, or those looked at where devel was trained on.
        leaked_sentences: the train sentences asked for that stand in a target's devel or test;
            None where nobody looked.
        dropped_sentences: those of them that are not in `train_sentences`.
        devel_trained: how many of `train_sentences` are of devel. Where there are some, scores on
            devel say what was learnt by heart, and of `leaked_sentences` only test counts.
    """

    role: str
    train_sentences: int
    devel_sentences: int | None
    leaked_sentences: int | None
    dropped_sentences: int | None
    devel_trained: int = 0


@dataclass
class Mixing:
    """The batches that a stage drew, per task.

    Attributes:
        strategy: how they were drawn.
        sizes: train sentences of each task.
        drawn: batches.
        shares: of all batches, 0..1.
    """

    strategy: str
    sizes: dict[str, int]
    drawn: dict[str, int]
    shares: dict[str, float]


@dataclass(frozen=True)
class Best:
    """The step whose weights a group of tasks has.

    Attributes:
        step: the updates before it.
        epoch: from 1.
        f1: on devel, the mean over those of the group whose devel has a mention; None where none
            has.
        f1_error: the standard error of `f1`, as devel has few mentions
            (`bioner.model.f1_error`); older records lack it.
        unsure: whether it was selected for an `f1` above that of the last epoch by less than
            `f1_error`: devel is too small to choose an epoch by.
    """

    step: int
    epoch: int
    f1: float | None
    f1_error: float | None = None
    unsure: bool = False


@dataclass(frozen=True)
class Look:
    """A look at devel.

    Attributes:
        step: the updates before it.
        f1: of each scored task; None where its devel has no mention.
    """

    step: int
    f1: dict[str, float | None]


@dataclass
class StageTiming:
    """What a stage took; of all its starts, but for what lay behind its last checkpoint.

    Attributes:
        train_seconds: of training.
        words_per_second: of training text.
        earlier_seconds: those of `train_seconds` before the last start; older records lack them.
        threads: of the CPU, that it computed with; those of the last start come last. Several are
            of starts that differed in it, so that the same run may differ in its last bits.
    """

    train_seconds: float
    words_per_second: float
    earlier_seconds: float = 0.0
    threads: list[int] = field(default_factory=list)


@dataclass
class Affinity:
    """What `finetune.affinity_every` asked for: the mean over all looks.

    Attributes:
        every: updates from one look to the next.
        looks: how many there were.
        onto: `onto[i][j]` is the affinity of task i to task j (see `LookaheadAffinity`).
    """

    every: int
    looks: int
    onto: dict[str, dict[str, float]]


@dataclass
class Conflict:
    """What `finetune.conflict_every` asked for: the mean over all looks.

    Attributes:
        every: updates from one look to the next.
        looks: how many there were.
        overall: `overall[i][j]` is the cosine of the gradients of task i and of the later task j,
            of all shared weights (see `GradientConflict`).
        parts: the same of each part of them: `embeddings`, `layer 1`, …, and `heads` where tasks
            share them.
    """

    every: int
    looks: int
    overall: dict[str, dict[str, float]]
    parts: dict[str, dict[str, dict[str, float]]]


@dataclass
class Unlabelled:
    """The text that a teacher labelled for one task of a stage.

    Attributes:
        text_sha256: over the files of `selftrain.text`; None: train sentences of the dataset.
        sentences: of it.
        leaked_sentences: those that stand in a target's devel or test, whether or not they were
            left out for that; None where nobody looked.
        words: that the tokenizer knows.
        sure_words: those that count: their best tag was probable enough.
        marked_words: those of these whose best tag is not O.
    """

    text_sha256: str | None
    sentences: int
    leaked_sentences: int | None
    words: int
    sure_words: int
    marked_words: int


@dataclass
class Source:
    """The weights that `pretrain=checkpoint` took: a file and its hash."""

    checkpoint: str
    sha256: str


@dataclass
class StageRecord:
    """One stage of a run.

    Attributes:
        name: `pretrain`, `finetune`, `selftrain`; further rounds of that have a number behind it.
        key: the hash of all that determines it, the stages before it included; empty in older
            records of fine-tuning, and where its weights came from a file.
        reused: whether it was trained before this run.
        tasks: each dataset that it trained on; none where its weights came from a file.
        mixing: what it drew; None where its weights came from a file.
        best: the selected step of each group of tasks that are selected together.
        timing: what it took; None where its weights came from a file.
        affinity: of its tasks to each other, where that was asked for.
        conflict: of their gradients, likewise.
        source: where its weights came from, if not from training.
        sha256: of the selected weights, where the store keeps them.
        probe: devel F1 of each scored task whose head was fitted to the frozen encoder, before
            the first update; None where none was, and in older records.
        weights: SHA-256 of each set of selected weights, in the run's directory or where the store
            keeps several, by the name of the group of tasks; older records lack it.
        stopped: the epoch after which it ended, since devel had not become better for as many
            epochs as its `patience`; None: it did not end early.
        looks: at devel, after each epoch; older records lack them.
        unlabelled: the text of each task that its teacher labelled.
    """

    name: str
    key: str
    reused: bool
    tasks: dict[str, TaskUse]
    mixing: Mixing | None
    best: dict[str, Best]
    timing: StageTiming | None
    affinity: Affinity | None = None
    source: Source | None = None
    sha256: str | None = None
    weights: dict[str, str] = field(default_factory=dict)
    probe: dict[str, float] | None = None
    stopped: int | None = None
    looks: list[Look] = field(default_factory=list)
    unlabelled: dict[str, Unlabelled] = field(default_factory=dict)
    conflict: Conflict | None = None
