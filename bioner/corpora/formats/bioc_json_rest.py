"""What can be read of a BioC JSON file with syntax faults, all of which its parser refuses."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bioner.corpora.formats.shared.json_escapes import half_pair
from bioner.corpora.formats.shared.json_keys import DoubledError, each_once
from bioner.errors import DataError

PUBTATOR3 = "PubTator3"
"""What the interface of PubTator 3 calls the list of documents."""

DOCUMENTS = re.compile(rf'"(?:documents|{PUBTATOR3})"\s*:\s*\[')
"""Where that list begins."""

_TOO_MUCH = "a number too long, or lists too deep"
_BRACKET = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL
)  # or a string, with none in it
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}


def documents_and_faults(
    text: str, place: Path | str
) -> Iterator[dict[str, Any] | json.JSONDecodeError | DataError]:
    """Yield the documents of a collection that are JSON, and the faults, in order.

    A `DataError` stands for a document that is JSON. After a fault of the syntax the next object
    that has passages is a document: no part of one has them.

    Args:
        text: the whole file, which has a list of documents.
        place: the file.
    """
    begun = DOCUMENTS.search(text)
    decoder, at = json.JSONDecoder(object_pairs_hook=each_once), begun.end() if begun else len(text)
    between = True  # two documents, which a fault must not have torn apart
    comma = False
    while (start := text.find("{", at)) >= 0:
        gap = text[at:start].strip()
        if between and gap.startswith("]"):
            break
        if between and gap != ("," if comma else ""):
            yield json.JSONDecodeError("Expecting ',' delimiter", text, _solid(text, at))
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            if between:
                yield error
            between, at = False, start + 1
            continue
        except DoubledError as error:
            yield DataError(place, text.count("\n", 0, start) + 1, str(error), "each key once")
            comma, at = True, _end(text, start)
            continue
        except (ValueError, RecursionError):  # a number of 5,000 digits, 1,000 lists in each other
            if between:
                yield json.JSONDecodeError(_TOO_MUCH, text, start)
            comma, at = True, _end(text, start)
            continue
        at = end
        if between or "passages" in value:
            between = comma = True
            yield half_pair(text, start, end, place) or value


def _solid(text: str, at: int) -> int:
    """Return the place of the next character that is no blank."""
    return at + len(text[at:]) - len(text[at:].lstrip())


def _end(text: str, start: int) -> int:
    """Return the place behind an object, by its brackets; the end of the text if they don't fit."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        depth += _DEEPER.get(bracket.group(), 0)
        if depth == 0:
            return bracket.end()
    return len(text)
