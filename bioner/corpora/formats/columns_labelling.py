"""The tags of a whole column file: of one scheme, read as IOB2, or shown where they are not."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.formats.columns_rows import Row
from bioner.corpora.reading import Reading
from bioner.corpora.schemes import LETTERS, RULES, contradictions, fitting, misplaced, to_iob2
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import OUTSIDE, repair
from bioner.corpora.type_map import TypeMap
from bioner.errors import DataError

_SHOWN = 3


class Labelling:
    """Reads the tags of one file.

    Args:
        path: the file, for the messages.
        config: says of which scheme they are, and what their types are called.
        name: of the dataset, for the messages.

    Attributes:
        faults: found by `read`: each tag that contradicts the scheme.
    """

    def __init__(self, path: Path, config: DatasetConfig, name: str) -> None:
        self._path, self._config, self._name = path, config, name
        self.faults: list[DataError] = []
        self._types = TypeMap(config.types, f"dataset.{name}.types")

    def read(self, rows: Sequence[Row], letters: set[str]) -> Reading:
        """Return the sentences with IOB2 tags, without those of which a tag is a fault.

        Args:
            rows: as the file has them.
            letters: all that stand before a type in the file.
        """
        scheme, reading = self._config.scheme, Reading()
        whole = [row for row in rows if not row.broken]
        if scheme is None:
            scheme = self._detect(whole, letters)
            if scheme is None:
                return reading
            reading.notes.append(f"its tags are {scheme} (detected, the YAML states no scheme)")
        illegal = misplaced if letters <= set(LETTERS[scheme]) else contradictions
        wrong: list[tuple[Row, int]] = []
        for row in whole:
            tags = row.tags
            if tags.count(OUTSIDE) != len(tags):
                places = illegal(tags, scheme)
                if places and self._config.repair and illegal is misplaced:
                    tags, repaired = repair(tags)
                    reading.repaired += repaired
                elif places:
                    wrong += [(row, place) for place in places]
                    continue
                tags = self._named(to_iob2(tags, scheme))
            reading.sentences.append(Sentence(row.words, tags, row.line, row.document))
        self.faults += self._contradictions(wrong, scheme, whole)
        return reading

    def _named(self, tags: tuple[str, ...]) -> tuple[str, ...]:
        if not self._types.changes or not self._config.typed:
            return tags
        return tuple(tag if tag == OUTSIDE else self._renamed(tag) for tag in tags)

    def _renamed(self, tag: str) -> str:
        name = self._types[tag[2:]]
        return OUTSIDE if name is None else f"{tag[0]}-{name}"

    def _detect(self, rows: Sequence[Row], letters: set[str]) -> str | None:
        """Return the scheme of the tags; report that there is none."""
        fit = fitting(row.tags for row in rows)
        if fit:
            # A file without any B is IO and IOB1 at once, and reads the same as both.
            return "IO" if "IO" in fit and "IOB2" not in fit else fit[0]
        says = []
        for scheme in [s for s in RULES if letters <= set(LETTERS[s])][:2] or RULES:
            wrong = [(row, place) for row in rows for place in contradictions(row.tags, scheme)]
            shown = ", ".join(
                f"{self._written(row.tags[place])} on line {row.line_of(place)}"
                for row, place in wrong[:_SHOWN]
            )
            says.append(f"not {scheme}: {shown} ({len(wrong):,} in all)")
        found = f"its tags are of no scheme; {'; '.join(says)}"
        legal = f"correct the file; dataset.{self._name}.scheme=… shows every place under a scheme"
        self.faults.append(DataError(self._path, None, found, legal))
        return None

    def _contradictions(
        self, wrong: Sequence[tuple[Row, int]], scheme: str, rows: Sequence[Row]
    ) -> Iterator[DataError]:
        """Yield an error for each tag; the first one also says where the next ones stand."""
        for number, (row, place) in enumerate(wrong):
            found, legal = self._says(row, place, scheme)
            if number == 0 and len(wrong) > 1:
                lines = [str(r.line_of(p)) for r, p in wrong[1:_SHOWN]]
                more = f"{len(wrong):,} tags contradict {scheme}" if len(wrong) > _SHOWN else "too"
                found += f"; see line{'s' * (len(lines) > 1)} {' and '.join(lines)}, {more}"
            if number == 0 and (fit := fitting(row.tags for row in rows)):
                legal += f"; the file is legal {' and '.join(fit)} (dataset.{self._name}.scheme)"
            yield DataError(self._path, row.line_of(place), found, legal)

    def _says(self, row: Row, place: int, scheme: str) -> tuple[str, str]:
        """Return what is wrong with a tag, and what would be right."""
        tag, written = row.tags[place], self._written
        after = f"after {written(row.tags[place - 1])}" if place else "at the start of a sentence"
        found = f"tag {written(tag)} of {row.words[place]!r} {after}"
        if scheme == "IOB2" and tag[0] == "I":
            right = f"expected {written('B' + tag[1:])}; to read it as that set "
            return f"{found} continues no mention", f"{right}dataset.{self._name}.repair=true"
        if tag[0] not in LETTERS[scheme]:
            return f"{found} is no tag of {scheme}", f"{scheme}: {RULES[scheme]}"
        followed = place + 1 < len(row.tags)
        before = f"before {written(row.tags[place + 1])}" if followed else "at the end of it"
        return f"{found} and {before} is not {scheme}", f"{scheme}: {RULES[scheme]}"

    def _written(self, tag: str) -> str:
        return tag if self._config.typed else tag[0]
