"""Banks of one head that all tasks share: over the types of all, or in one label space."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from bioner.config.head import HeadConfig, Missing
from bioner.config.train import Carry
from bioner.corpora.tags import OUTSIDE, tag_set
from bioner.errors import ConfigError
from bioner.model.bank import Fit, HeadBank, MakeHead
from bioner.model.carrying import BIAS, WEIGHT, Carried, say_nothing_matches, typed_rows
from bioner.model.heads import Head, LinearHead
from bioner.model.viterbi import best_legal, illegal_pairs

# The name of the head among the weights.
_ALL = "all"
# What a type is called where it has no name of its own.
_ENTITY = "Entity"


class SharedHead(HeadBank):
    """One head for all tasks, in whose label space each task has its own tags.

    Subclasses say what the head calls the types. Arguments as in `HeadBank`.
    """

    def __init__(
        self, tags: Mapping[str, Sequence[str]], make: MakeHead, config: HeadConfig
    ) -> None:
        super().__init__(tags, make, config)
        names = self.named(self.tags)
        every = _space(names)
        self.parts[_ALL] = self._all = make(_ALL, every)
        self.places = {
            task: torch.tensor([every.index(tag) for tag in tag_set(types)])
            for task, types in names.items()
        }

    @abstractmethod
    def named(self, tags: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return for each task what the head calls each of the task's types.

        Args:
            tags: the label space of each task.
        """

    def head(self, task: str) -> Head:
        """Return a linear head of the task's own rows. See `HeadBank.head`.

        Raises:
            ConfigError: the shared head knows more tags, or is no linear one: no head of the
                task's own tags would give the same tags.
        """
        shared, places = self._all, self.places[task]
        if len(places) < len(shared.tags) or not isinstance(shared, LinearHead):
            found = f"the head of {task} is one with that of tasks which have other types"
            raise ConfigError("head.shared", found, "head.shared=none, or all and head=linear")
        own = LinearHead(shared.linear.in_features, self.tags[task], shared.dropout.p)
        at = places.to(shared.linear.weight.device)
        own.linear.weight = nn.Parameter(shared.linear.weight.detach()[at])
        own.linear.bias = nn.Parameter(shared.linear.bias.detach()[at])
        own.decode_as(self.config.decode)
        return own.train(shared.training)

    def names(self, tasks: Iterable[str]) -> list[str]:
        """Return the names of all tensors. See `HeadBank.names`."""
        return [f"{_ALL}.{name}" for name in self._all.state_dict()]

    def own(self, task: str) -> list[nn.Parameter]:
        """Return nothing: all is shared. See `HeadBank.own`."""
        return []

    def together(self, tasks: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the label spaces of all tasks. See `HeadBank.together`."""
        return self.tags

    def fits(self) -> list[Fit]:
        """Return the one head, for all tasks. See `HeadBank.fits`."""
        return [Fit(self._all, self.places)]

    def loss(self, task: str, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return the loss of the task's gold tags in the whole label space. See `Head.loss`."""
        return self._all.loss(words, lengths, self._at(task, tags)[tags])

    def decode(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the head's best tags, those that the task does not have as O.

        See `HeadBank.decode`.
        """
        return self._back(task, words)[self._all.decode(words, lengths)]

    def marginals(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the probability of each of the task's tags; O has that of all it does not have.

        See `HeadBank.marginals`.
        """
        return self._folded(task, self._all.marginals(words, lengths))

    def log_marginals(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the log of what `marginals` gives, with a graph.

        See `HeadBank.log_marginals`.
        """
        own = self._folded(task, self._all.log_marginals(words, lengths).exp())
        return own.clamp_min(torch.finfo(own.dtype).tiny).log()

    def carry(
        self, earlier: Mapping[str, Tensor], tags: Mapping[str, tuple[str, ...]], what: Carry
    ) -> Carried:
        """Start from an earlier shared head: whole where it has the same tags, or by its types.

        See `HeadBank.carry`.
        """
        carried = Carried({}, set())
        if what == Carry.encoder:
            return carried
        before = _space(self.named(tags))
        if before == self._all.tags:
            carried.tensors.update(earlier)
            carried.used.update(earlier)
        elif what == Carry.encoder_and_heads_by_type and f"{_ALL}.{WEIGHT}" in earlier:
            self._take_rows(before, earlier, carried)
        if not carried.tensors:
            say_nothing_matches("all tasks", "these types", tags)
        return carried

    def _take_rows(
        self, before: tuple[str, ...], earlier: Mapping[str, Tensor], carried: Carried
    ) -> None:
        found = typed_rows(self._all.tags, self._all.state_dict(), earlier, {_ALL: before})
        if not found.sources:
            return
        carried.tensors.update({f"{_ALL}.{WEIGHT}": found.weight, f"{_ALL}.{BIAS}": found.bias})
        carried.used.update(carried.tensors)
        if not (found.carried.all() and isinstance(self._all, LinearHead)):
            carried.rows.update({task: found.carried[at] for task, at in self.places.items()})

    def _folded(self, task: str, every: Tensor) -> Tensor:
        """Return the probabilities of a task's tags, [words, them], of those of all the tags."""
        own = every.new_zeros(len(every), len(self.tags[task]))
        return own.index_add(1, self._back(task, every), every)

    def _at(self, task: str, like: Tensor) -> Tensor:
        """Return the head's id of each of the task's tags, Long [tags of the task]."""
        return self.places[task].to(like.device)

    def _back(self, task: str, like: Tensor) -> Tensor:
        """Return the task's id of each of the head's tags, that of O for others, Long [tags]."""
        found = torch.zeros(len(self._all.tags), dtype=torch.long, device=like.device)
        places = self._at(task, like)
        found[places] = torch.arange(len(places), device=like.device)
        return found


class SharedByType(SharedHead):
    """One head over the types of all tasks, told apart by their names.

    In a corpus that does not annotate a type, a word without a label may have that type: nobody
    looked. With `head.missing=mask` the loss of such a word is that of the tags which it may have,
    -log sum p over O and the tags of the types that its task lacks (for a CRF of all sequences
    that agree with the gold ones), as in partially annotated data (Tsuboi et al. 2008, "Training
    conditional random fields using incomplete annotations", COLING). With `outside` such a word
    is O, which is wrong where it has that type.

    Arguments as in `HeadBank`.

    Raises:
        ConfigError: `head.same` gives two types of a task one name.
    """

    def __init__(
        self, tags: Mapping[str, Sequence[str]], make: MakeHead, config: HeadConfig
    ) -> None:
        super().__init__(tags, make, config)
        self._illegal = {task: illegal_pairs(names) for task, names in self.tags.items()}

    def named(self, tags: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return the types' own names, but those of `head.same`. See `SharedHead.named`."""
        return _by_name(tags, self.config.same)

    def loss(self, task: str, words: Tensor, lengths: Tensor, tags: Tensor) -> Tensor:
        """Return the loss of the task's gold tags, with what it can't know. See `Head.loss`."""
        places = self._at(task, tags)
        known = len(places) == len(self._all.tags)
        if known or self.config.missing == Missing.outside:
            return super().loss(task, words, lengths, tags)
        lacking = torch.ones(len(self._all.tags), dtype=torch.bool, device=tags.device)
        lacking[places] = False
        may = torch.nn.functional.one_hot(places[tags], len(lacking)).bool()
        may |= lacking & (tags == 0)[:, None]
        return self._all.partial_loss(words, lengths, may)

    @torch.no_grad()
    def decode(self, task: str, words: Tensor, lengths: Tensor) -> Tensor:
        """Return the task's best tags: of a linear head exactly, by `marginals`.

        Of a CRF they are what the best tags of all types leave of the task's own: the sequence of
        the task's tags that is likeliest by the sum over all that others may have can't be found
        in a time that is less than exponential. See `HeadBank.decode`.
        """
        if not isinstance(self._all, LinearHead):
            return super().decode(task, words, lengths)
        scores = self.marginals(task, words, lengths).log()
        if not self._all.legal:
            return scores.argmax(-1)
        return best_legal(scores, lengths, self._illegal[task].to(scores.device))


class OneLabelSpace(SharedHead):
    """One head for all tasks, which says the same whatever the task: what differs are the words.

    All tasks have one type, whatever it is called, or all have the same types. Task tokens
    (`encoder.task_tokens`) let the encoder tell the tasks apart (Zhang & Chen 2022,
    doi:10.1186/s12859-022-04994-3). Arguments as in `HeadBank`.

    Raises:
        ConfigError: the tasks have neither one type each nor the same ones.
    """

    def named(self, tags: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Return the same names for all tasks. See `SharedHead.named`."""
        named = _by_name(tags, self.config.same)
        if len({frozenset(types) for types in named.values()}) > 1:
            if any(len(types) != 1 for types in named.values()):
                found = "; ".join(f"{task} has {', '.join(one)}" for task, one in named.items())
                legal = "tasks of one type each, or of the same types: head.shared=type for others"
                raise ConfigError("head.shared", f"is all, and {found}", legal)
            named = {task: [_ENTITY] for task in named}
        return named


def _space(named: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the tags over all types, in the order of their names, whatever the tasks' order."""
    return tag_set(sorted({name for types in named.values() for name in types}))


def _by_name(tags: Mapping[str, Sequence[str]], same: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the types of each task under the names that they share."""
    found = {}
    for task, names in tags.items():
        types = [tag[2:] for tag in names if tag != OUTSIDE and tag.startswith("B-")]
        found[task] = [same.get(name, name) for name in types]
        if len({*found[task]}) < len(types):
            says = f"gives two types of {task} one name: {', '.join(found[task])}"
            raise ConfigError("head.same", says, "a name for each")
    return found
