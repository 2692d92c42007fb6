"""What can be read of a BioC JSON file with syntax faults, all of which its parser refuses."""

import json
import re
from collections.abc import Iterator
from typing import Any

PUBTATOR3 = "PubTator3"
"""What the interface of PubTator 3 calls the list of documents."""

DOCUMENTS = re.compile(rf'"(?:documents|{PUBTATOR3})"\s*:\s*\[')
"""Where that list begins."""


def documents_and_faults(
    text: str, first: json.JSONDecodeError
) -> Iterator[dict[str, Any] | json.JSONDecodeError]:
    """Yield the documents of a collection that are JSON, and the syntax faults, in order.

    After a fault the next object that has passages is a document: no part of one has them.

    Args:
        text: the whole file.
        first: its first fault.
    """
    begun = DOCUMENTS.search(text)
    if begun is None or begun.end() > first.pos:
        yield first
        return
    decoder, at = json.JSONDecoder(), begun.end()
    between = True  # two documents, which a fault must not have torn apart
    comma, said = False, False
    while (start := text.find("{", at)) >= 0:
        gap = text[at:start].strip()
        if between and gap.startswith("]"):
            break
        if between and gap != ("," if comma else ""):
            said = True
            yield json.JSONDecodeError("Expecting ',' delimiter", text, _solid(text, at))
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError) as error:  # a number of 5,000 digits too
            if between:
                said = True
                yield _fault(error, text, start)
            between, at = False, start + 1
            continue
        at = end
        if between or "passages" in value:
            between = comma = True
            yield value
    if not said:
        yield first


def _solid(text: str, at: int) -> int:
    """Return the place of the next character that is no blank."""
    return at + len(text[at:]) - len(text[at:].lstrip())


def _fault(error: Exception, text: str, start: int) -> json.JSONDecodeError:
    if isinstance(error, json.JSONDecodeError):
        return error
    return json.JSONDecodeError("a number too long, or lists too deep", text, start)
