"""Which tasks share a head. Nothing else knows: the rest of the house asks a bank for a task."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bioner.config.build import build
from bioner.config.choices import HEAD_BANKS
from bioner.config.head import HeadConfig
from bioner.config.train import Carry
from bioner.model.carrying import BIAS, WEIGHT, Carried, say_nothing_matches, typed_rows
from bioner.model.heads import Head, LinearHead

log = logging.getLogger(__name__)

# Makes a head from the name that its first weights depend on, and its tags.
MakeHead = Callable[[str, Sequence[str]], Head]


@dataclass(frozen=True)
class Fit:
    """A head that starts with the words of some tasks together, before training.

    A word of a task can't have the tags that the task does not know: in its corpus nobody looked
    for them.

    Attributes:
        head: what is fitted.
        places: of each of the tasks, the head's tag id for each of the task's own, Long [tags of
            the task].
    """

    head: Head
    places: Mapping[str, Tensor]


class HeadBank(ABC):
    """The heads of some tasks.

    A new kind is a subclass and a line in `bioner.config.choices.HEAD_BANKS`. It fills `parts`
    when it is made. A tag id, given or returned, is always one of the task's own label space.

    Args:
        tags: the label space of each task, by id (`bioner.corpora.tags.tag_set`).
        make: makes one head.
        config: of the heads.

    Attributes:
        tags: see above.
        config: see above.
        parts: all that has weights, under the names that these have in a file.
    """

    def __init__(
        self, tags: Mapping[str, Sequence[str]], make: MakeHead, config: HeadConfig
    ) -> None:
        self.tags = {task: tuple(names) for task, names in tags.items()}
        self.config = config
        self.parts = nn.ModuleDict()

    @abstractmethod
    def head(self, task: str) -> Head:
        """Return a head whose tags are the task's own, with the present weights."""

    @abstractmethod
    def names(self, tasks: Iterable[str]) -> list[str]:
        """Return the names of the tensors in `parts` that these tasks need."""

    @abstractmethod
    def own(self, task: str) -> list[nn.Parameter]:
        """Return the parameters in `parts` that no other task needs."""

    @abstractmethod
    def carry(
        self, earlier: Mapping[str, Tensor], tags: Mapping[str, tuple[str, ...]], what: Carry
    ) -> Carried:
        """Return what the heads start from.

        Args:
            earlier: the tensors of an earlier stage's bank of the same kind, named as in its
                `parts`.
            tags: the label spaces of that bank.
            what: how much is taken over.
        """

    def fits(self) -> list[Fit]:
        """Return what is fitted before training, each task in one of them.

        Here it is a head for each task. Where tasks share weights, fitting one after the other
        would undo what the first had found: a bank that does that gives them together.
        """
        return [
            Fit(self.head(task), {task: torch.arange(len(names))})
            for task, names in self.tags.items()
        ]

    def put(self, fit: Fit) -> None:  # noqa: B027
        """Take over the weights of the head of one of `fits`, which have been set.

        Here it is the bank's own, so there is nothing to do.
        """

    def together(self, tasks: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the label spaces of the tasks without which these can't be made again."""
        return {task: self.tags[task] for task in tasks}

    def loss(self, task: str, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return the loss of the task's gold tags, a scalar. See `Head.loss`."""
        return self.head(task).loss(words, lengths, tags)

    def soft_loss(self, task: str, words: Tensor, lengths: Tensor, soft: Tensor) -> Tensor:
        """Return the cross-entropy of the task's probabilities with others, a mean over words.

        Args:
            task: whose tags.
            words: see `Head.loss`.
            lengths: see `Head.loss`.
            soft: the other probabilities, Float [words, tags of the task]; a row of zeros is of a
                word that teaches nothing.
        """
        logs = self.log_marginals(task, words, lengths)
        return -(soft * logs).sum() / max(1, len(words))

    def log_marginals(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the log of what `marginals` gives, with a graph. See `Head.log_marginals`."""
        return self.head(task).log_marginals(words, lengths)

    def decode(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the task's best tags, Long [words]. See `Head.decode`."""
        return self.head(task).decode(words, lengths)

    def marginals(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the probability of each of the task's tags, Float [words, tags of the task].

        See `Head.marginals`.
        """
        return self.head(task).marginals(words, lengths)


class HeadPerTask(HeadBank):
    """A head for each task, under the task's name. See `HeadBank`."""

    def __init__(
        self, tags: Mapping[str, Sequence[str]], make: MakeHead, config: HeadConfig
    ) -> None:
        super().__init__(tags, make, config)
        self._heads = {task: make(task, names) for task, names in self.tags.items()}
        self.parts.update(self._heads)

    def head(self, task: str) -> Head:
        """Return the task's head. See `HeadBank.head`."""
        return self._heads[task]

    def names(self, tasks: Iterable[str]) -> list[str]:
        """Return the names of the tensors of these tasks' heads. See `HeadBank.names`."""
        return [f"{task}.{name}" for task in tasks for name in self._heads[task].state_dict()]

    def own(self, task: str) -> list[nn.Parameter]:
        """Return the parameters of the task's head. See `HeadBank.own`."""
        return list(self._heads[task].parameters())

    def carry(
        self, earlier: Mapping[str, Tensor], tags: Mapping[str, tuple[str, ...]], what: Carry
    ) -> Carried:
        """Start each head from an earlier one with the same label space, or by its types.

        That is its own where there is one, else the first. See `HeadBank.carry`.
        """
        carried = Carried({}, set())
        if what == Carry.encoder:
            return carried
        # Heads that tasks shared stand under no task's name.
        theirs = {name.partition(".")[0] for name in earlier}
        there = {task: names for task, names in tags.items() if task in theirs}
        for task, own in self.tags.items():
            spaces = {task: there[task], **there} if task in there else there
            source = next((other for other, names in spaces.items() if names == own), None)
            if source is not None:
                self._take_whole(task, source, earlier, carried)
            elif what == Carry.encoder_and_heads_by_type:
                self._take_rows(task, earlier, spaces, carried)
            else:
                say_nothing_matches(task, "the same types", tags)
        return carried

    @staticmethod
    def _take_whole(
        task: str, source: str, earlier: Mapping[str, Tensor], carried: Carried
    ) -> None:
        for name, tensor in earlier.items():
            if name.startswith(f"{source}."):
                carried.tensors[f"{task}.{name.removeprefix(f'{source}.')}"] = tensor
                carried.used.add(name)
        log.info("head of %s starts from the head of %s", task, source)

    def _take_rows(
        self,
        task: str,
        earlier: Mapping[str, Tensor],
        tags: Mapping[str, tuple[str, ...]],
        carried: Carried,
    ) -> None:
        found = typed_rows(self.tags[task], self._heads[task].state_dict(), earlier, tags)
        if not found.sources:
            say_nothing_matches(task, "any of its types", tags)
            return
        carried.tensors[f"{task}.{WEIGHT}"] = found.weight
        carried.tensors[f"{task}.{BIAS}"] = found.bias
        used = {*found.sources.values()}
        carried.used.update(f"{source}.{name}" for source in used for name in (WEIGHT, BIAS))
        whole = bool(found.carried.all()) and isinstance(self._heads[task], LinearHead)
        if not whole:
            carried.rows[task] = found.carried
        for name, source in found.sources.items():
            log.info("head of %s starts for %s from the head of %s", task, name, source)


def build_bank(config: HeadConfig, tags: Mapping[str, Sequence[str]], make: MakeHead) -> HeadBank:
    """Make the bank that a config names.

    Args:
        config: of the heads; `shared` is a name in `bioner.config.choices.HEAD_BANKS`.
        tags: the label space of each task.
        make: makes one head.

    Raises:
        ConfigError: these tasks can't share a head so.
    """
    target = {"_target_": HEAD_BANKS[config.shared]}
    bank: HeadBank = build("head", HeadBank, target, tags=tags, make=make, config=config)
    return bank
