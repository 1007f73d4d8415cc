"""From a case file to cases. Whatever is wrong with the file is said at once, with line and column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Final

from destination_actions.config.files import MAX_BYTES, read_limited
from destination_actions.config.json_text import read_json
from destination_actions.config.nodes import Document, Findings, document, escape
from destination_actions.config.shape import Flaw
from destination_actions.config.yaml_text import read_yaml
from destination_actions.errors import ConfigurationError, Place, nearest
from destination_actions.testing.cases.build import Builder
from destination_actions.testing.cases.model import Case
from destination_actions.testing.cases.pieces import EMPTY, Piece, filled, laid_over, pieces
from destination_actions.testing.cases.shape import case_flaws, flaws

_OWN: Final = ("name", "extends", "table")
"""Keys of a case that no part has."""


def load_cases(path: str | Path) -> list[Case]:
    """Read a case file. Raises `ConfigurationError` whose `errors` are everything that is wrong with it."""
    file = Path(path)
    findings = Findings(str(file))
    loader = _Loader(file, _document(file, findings), findings)
    shape = list(flaws(loader.document.value))
    for flaw in shape:
        loader.add(flaw)
    cases = [] if shape else list(loader.cases())
    if findings.errors:
        raise _sum(file, findings.errors)
    return cases


def _document(file: Path, findings: Findings) -> Document:
    try:
        content = read_limited(file, MAX_BYTES)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f'the case file "{file}" cannot be read: {error.strerror or error}') from None
    except UnicodeDecodeError:
        raise ConfigurationError("the case file is not UTF-8 text", place=Place(str(file))) from None
    if len(content) > MAX_BYTES or not text.strip():
        what = "larger than 1 MB" if content else "empty"
        raise ConfigurationError(f"the case file is {what}", place=Place(str(file), 1, 1), hint='it needs "cases"')
    read = read_json if file.suffix == ".json" else read_yaml
    return document(read(text, findings), findings)


def _sum(file: Path, errors: Iterable[ConfigurationError]) -> ConfigurationError:
    """All findings as one error, each once, in the order of the file."""
    unique = {str(error): error for error in errors}
    found = sorted(unique.values(), key=_position)
    if len(found) == 1:
        return found[0]
    text = "\n".join([f"{len(found)} errors in {file}", *(str(error) for error in found)])
    return ConfigurationError(text, errors=found)


def _position(error: ConfigurationError) -> tuple[int, int]:
    return (error.place.line or 0, error.place.column or 0) if error.place else (0, 0)


@dataclass(slots=True)
class _Loader:
    """Makes the cases of one file."""

    file: Path
    document: Document
    findings: Findings
    names: dict[str, str] = field(default_factory=dict)

    def add(self, flaw: Flaw) -> None:
        """Note something that is wrong."""
        place = self.document.key_place(flaw.pointer) if flaw.at_key else self.document.place(flaw.pointer)
        error = ConfigurationError(flaw.message, pointer=flaw.pointer, hint=flaw.hint, place=place)
        self.findings.errors.append(error)

    def cases(self) -> Iterator[Case]:
        """Every case, the rows of tables one by one."""
        root = pieces(self.document.value)
        for case in (root.get("cases") or EMPTY).items():
            layers = [Piece("", {"given": root.get("given") or EMPTY}), *self._parts(root, case), _without_table(case)]
            table = case.get("table")
            yield from self._rows(layers, table) if table else self._one(layers, {}, "", set())

    def _parts(self, root: Piece, case: Piece) -> Iterator[Piece]:
        """The parts that a case names."""
        extends = case.get("extends")
        wanted = [] if extends is None else extends.items() if isinstance(extends.value, list) else [extends]
        parts = root.get("parts") or EMPTY
        for name in wanted:
            part = parts.get(str(name.value))
            if part is None:
                known = list(parts.value)
                hint = nearest(str(name.value), known) or f"there are {', '.join(known) or 'none'}"
                self.add(Flaw(name.pointer, f'there is no part "{name.value}"', hint))
            else:
                yield part

    def _rows(self, layers: list[Piece], table: Piece) -> Iterator[Case]:
        columns = list(table.items()[0].value)
        used: set[str] = set()
        for at, row in enumerate(table.items()):
            odd = set(row.value) ^ set(columns)
            for name in sorted(odd):
                self.add(Flaw(row.pointer, f'row {at + 1} of the table: "{name}" is not in every row'))
            if not odd:
                yield from self._one(layers, row.value, f" [{at + 1}]", used)
        for name in sorted(set(columns) - used):
            pointer = f"{table.pointer}/0/{escape(name)}"
            self.add(Flaw(pointer, f'no ${{{name}}} uses the column "{name}"', "use it, or leave it out", at_key=True))

    def _one(self, layers: list[Piece], row: dict[str, Piece], suffix: str, used: set[str]) -> Iterator[Case]:
        """One case with its row filled in, if nothing is wrong with it."""
        before = len(self.findings.errors)

        def unknown(piece: Piece, name: str) -> None:
            hint = nearest(name, row) or f"columns are {', '.join(row) or 'given by a table'}; $${{...}} stays text"
            self.add(Flaw(piece.pointer, f'there is no column "{name}"', hint))

        whole = layers[-1]
        full = reduce(laid_over, [filled(layer, row, used.add, unknown) for layer in layers])
        if row:
            self._shape_of(full)
        name = str(full.value["name"].value)
        if full.value["name"].value == whole.value["name"].value:
            name += suffix
        self._named(name, whole)
        if len(self.findings.errors) == before:
            yield from self._built(name, full)

    def _shape_of(self, full: Piece) -> None:
        for flaw in case_flaws(full.plain()):
            self.add(Flaw(full.find(flaw.pointer).pointer, flaw.message, flaw.hint))

    def _named(self, name: str, whole: Piece) -> None:
        pointer = whole.value["name"].pointer
        if name in self.names:
            first = self.document.place(self.names[name])
            self.add(Flaw(pointer, f'two cases are named "{name}"; the first is on line {first.line}'))
        self.names.setdefault(name, pointer)

    def _built(self, name: str, full: Piece) -> Iterator[Case]:
        builder = Builder(Piece(full.pointer, {k: v for k, v in full.value.items() if k not in _OWN}), self.add)
        steps = builder.steps()
        builder.check_given()
        if steps:
            yield Case(
                name=name,
                file=self.file,
                place=self.document.place(full.value["name"].pointer),
                given=full.get("given") or EMPTY,
                steps=steps,
                api=full.get("api"),
                locate=self.document.place,
            )


def _without_table(case: Piece) -> Piece:
    return Piece(case.pointer, {key: piece for key, piece in case.value.items() if key != "table"})
