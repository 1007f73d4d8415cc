"""Results as JUnit XML, in the form that CI systems read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, ElementTree, SubElement

from destination_actions.errors import ConfigurationError
from destination_actions.testing.cases.report import report_of
from destination_actions.testing.cases.run import Result

_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(path: Path, results: Sequence[Result], broken: Iterable[tuple[Path, ConfigurationError]]) -> None:
    """Write a test suite for each file; a file that is wrong is a suite with one error."""
    root = Element("testsuites", name="destinations test")
    for file in dict.fromkeys(result.case.file for result in results):
        _suite(root, str(file), [result for result in results if result.case.file == file])
    for file, error in broken:
        suite = SubElement(root, "testsuite", name=str(file), tests="1", failures="0", errors="1", time="0")
        case = SubElement(suite, "testcase", classname=str(file), name="the file", time="0")
        _add(case, "error", str(error))
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _suite(root: Element, name: str, results: Sequence[Result]) -> None:
    counts = {
        "tests": str(len(results)),
        "failures": str(sum(bool(result.failures) for result in results)),
        "errors": str(sum(result.broken is not None for result in results)),
        "time": f"{sum(result.seconds for result in results):.3f}",
    }
    suite = SubElement(root, "testsuite", {"name": name, **counts})
    for result in results:
        line = str(result.case.place.line or 0)
        case = SubElement(
            suite,
            "testcase",
            classname=name,
            name=_UNWRITABLE.sub("?", result.case.name),
            file=name,
            line=line,
            time=f"{result.seconds:.3f}",
        )
        if not result.ok:
            _add(case, "failure" if result.broken is None else "error", report_of(result))


def _add(case: Element, kind: str, text: str) -> None:
    clean = _UNWRITABLE.sub("?", text)
    SubElement(case, kind, message=clean.splitlines()[0]).text = clean
