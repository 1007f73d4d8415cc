"""Accepting what came: expected values are replaced where they stand in the file, and everything else stays as it is.

Only the text of a value that differs is replaced, by JSON on one line; comments elsewhere, order, quotes and anchors
stay. A list of the wrong length is replaced as a whole, with the comments inside it. A value that is no longer there
becomes `{$absent: true}`. Left alone, and listed, is what other cases share that would then fail (a part, the rows of a
table, a YAML anchor), and what no value can say: a matcher that is not met, a reply that was not asked for, a request
without a reply.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from destination_actions.config.nodes import escape
from destination_actions.events import MISSING
from destination_actions.testing.cases.matching import same
from destination_actions.testing.cases.pieces import Piece
from destination_actions.testing.cases.run import Failure, Result


@dataclass(slots=True)
class Update:
    """What `--update` does to one file: its new text, the places that changed, and the failures that it leaves."""

    file: Path
    text: str
    changed: list[str] = field(default_factory=list)
    left: list[Failure] = field(default_factory=list)

    def write(self) -> None:
        """Write the file."""
        with self.file.open("w", encoding="utf-8", newline="") as opened:
            opened.write(self.text)


def updates_of(results: Sequence[Result]) -> list[Update]:
    """The updates that the failures ask for, one for each file that has any. Nothing is written.

    `results` are those of every case of the files, so that what cases share is known.
    """
    files = dict.fromkeys(result.case.file for result in results if result.failures)
    return [_update(file, [result for result in results if result.case.file == file]) for file in files]


def _update(file: Path, results: Sequence[Result]) -> Update:
    with file.open(encoding="utf-8", newline="") as opened:
        text = opened.read()
    spans = _own_spans(text)
    owners = _owners(results)
    update = Update(file, text)
    wanted: dict[tuple[int, int], Any] = {}
    for pointer, group in _by_pointer(results).items():
        span = spans.get(pointer)
        failures = [failure for _, failure in group]
        value = failures[0].difference.replace
        agreed = all(same(value, one.difference.replace) for one in failures)
        if span is None or value is MISSING or not agreed or owners[pointer] != {name for name, _ in group}:
            update.left += failures
        else:
            wanted[span] = value
            update.changed.append(f"{failures[0].place}: {_short(text[slice(*span)])} -> {_written(value)}")
    update.text = _replaced(text, wanted)
    return update


def _owners(results: Sequence[Result]) -> dict[str, set[str]]:
    """The cases that expect what stands at a pointer."""
    owners: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for step in result.case.steps:
            for pointer in _pointers(step.expect) if step.expect else ():
                owners[pointer].add(result.case.name)
    return owners


def _pointers(piece: Piece) -> Iterator[str]:
    yield piece.pointer
    below = piece.value.values() if isinstance(piece.value, dict) else piece.items()
    for one in below:
        yield from _pointers(one)


def _by_pointer(results: Iterable[Result]) -> dict[str, list[tuple[str, Failure]]]:
    groups: dict[str, list[tuple[str, Failure]]] = defaultdict(list)
    for result in results:
        for failure in result.failures:
            groups[failure.pointer].append((result.case.name, failure))
    return groups


def _replaced(text: str, wanted: dict[tuple[int, int], Any]) -> str:
    """Replace from the end, so that positions hold; what stands within something replaced goes with it."""
    limit = len(text) + 1
    for (start, end), value in sorted(wanted.items(), key=lambda item: (item[0][0], -item[0][1]), reverse=True):
        if end <= limit:
            text = text[:start] + _written(value) + text[end:]
            limit = start
    return text


def _written(value: Any) -> str:
    """A value as JSON, which is YAML too."""
    return json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "..."


def _own_spans(text: str) -> dict[str, tuple[int, int]]:
    """Where each value stands in a text, YAML or JSON, by its pointer; what an anchor shares is left out."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    found = list(_below(root, "", text)) if root is not None else []
    uses = Counter(span for _, span in found)
    return {pointer: span for pointer, span in found if uses[span] == 1}


def _below(node: yaml.Node, pointer: str, text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    start = int(node.start_mark.index)
    yield pointer, (start, start + len(text[start : _end(node)].rstrip()))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _below(value, f"{pointer}/{escape(str(key.value))}", text)
    if isinstance(node, yaml.SequenceNode):
        for at, value in enumerate(node.value):
            yield from _below(value, f"{pointer}/{at}", text)


def _end(node: yaml.Node) -> int:
    """The end of the last thing in a block; its own end mark is behind the comments that follow it."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _end(node.value[-1])
    return int(node.end_mark.index)
