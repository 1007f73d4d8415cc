"""Importing a plugin, in a process of its own, which is watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from destination_actions.testing.conformance.bench import Subject
from destination_actions.testing.conformance.check import NotApplicable
from destination_actions.testing.conformance.profile import module_of

_LONGEST_IMPORT: Final = 3.0
"""Seconds of processor time; the framework's own import does not count."""


def quiet_import(subject: Subject) -> Iterable[str]:
    """Importing it connects nowhere, starts no thread or process, writes no file, prints nothing, and is quick."""
    target = _import_of(subject)
    done = subprocess.run(  # noqa: S603 - this very interpreter
        [sys.executable, "-c", _IMPORT, *target],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(one for one in sys.path if one)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode:
        yield f"the import failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'no reason given'}"
        return
    *printed, last = done.stdout.splitlines()
    found = json.loads(last)
    yield from (f"at import: {one}" for one in dict.fromkeys(found["events"]))
    yield from ["it prints at import"] if printed or done.stderr.strip() else []
    if found["seconds"] > _LONGEST_IMPORT:
        yield f"the import took {found['seconds']:.1f} s of processor time"


def _import_of(subject: Subject) -> list[str]:
    if subject.slug is not None:
        return ["slug", subject.slug]
    name = module_of(subject.destination)
    path = getattr(sys.modules.get(name), "__file__", None)
    if path is None or not Path(path).is_file():
        raise NotApplicable("its module has no file")
    return ["path", path] if "." not in name else ["name", name]


_IMPORT: Final = """
import json, sys, threading, time
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
import destination_actions.runtime, destination_actions.plugins, destination_actions.testing
from destination_actions import *
events, on = [], []
bad = {"socket.connect", "socket.getaddrinfo", "socket.bind", "subprocess.Popen", "os.system", "os.fork", "os.putenv"}
def heard(event, arguments):
    if on and (event in bad or event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")):
        if event != "open" or "__pycache__" not in str(arguments[0]):
            events.append(event + " " + repr(arguments[0] if arguments else "")[:80])
sys.addaudithook(heard)
def profiled(frame, event, called):
    if event == "c_call" and called is time.sleep:
        events.append("time.sleep")
threads, began = threading.active_count(), time.process_time()
on.append(1)
sys.setprofile(profiled)
how, what = sys.argv[1:]
if how == "slug":
    load_destination(what)
elif how == "name":
    import_module(what)
else:
    spec = spec_from_file_location("under_test", what)
    module = module_from_spec(spec)
    sys.modules["under_test"] = module
    spec.loader.exec_module(module)
sys.setprofile(None)
on.clear()
if threading.active_count() > threads:
    events.append("a thread was started")
print(json.dumps({"events": events, "seconds": time.process_time() - began}))
"""
