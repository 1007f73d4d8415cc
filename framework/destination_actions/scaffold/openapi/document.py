"""An OpenAPI 3 document: its operations by name, and references followed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson
import yaml

from destination_actions.errors import ConfigurationError, Place, nearest

Object: TypeAlias = Mapping[str, Any]

METHODS: Final = ("post", "put", "patch", "delete", "get")
MAX_BYTES: Final = 30_000_000
"""Size of a document; the largest published ones have some ten million."""

_LONGEST_CHAIN: Final = 30
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path; `shared` is what the path says for all of its methods."""

    name: str
    method: str
    path: str
    own: Object
    shared: Object


@dataclass(frozen=True, slots=True)
class Api:
    """A document that has been read."""

    file: str
    root: Object
    operations: Mapping[str, Operation] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the API is called."""
        return str(_object(self.root.get("info")).get("title") or Path(self.file).stem)

    @property
    def names(self) -> list[str]:
        """The names of the operations, those first that change something."""
        return sorted(self.operations, key=lambda name: METHODS.index(self.operations[name].method))

    def operation(self, name: str) -> Operation:
        """An operation by its operationId, or by `METHOD /path`. Raises `ConfigurationError` with the nearest name."""
        if name in self.operations:
            return self.operations[name]
        hint = nearest(name, self.operations) or f"there are {listed(self.names)}"
        raise ConfigurationError(f'{self.file}: there is no operation "{name}"', hint=hint)

    def resolved(self, value: Any) -> Object:
        """An object with its reference followed; an empty one where there is none."""
        for _ in range(_LONGEST_CHAIN):
            found = _object(value)
            if "$ref" not in found:
                return found
            value = self._target(str(found["$ref"]))
        raise ConfigurationError(f"{self.file}: a reference leads back to itself: {_object(value).get('$ref')}")

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            hint = "bundle the document into one file first"
            raise ConfigurationError(f'{self.file}: "{reference}" is in another file', hint=hint)
        found: Any = self.root
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or key not in found:
                raise ConfigurationError(f'{self.file}: "{reference}" leads nowhere')
            found = found[key]
        return found


def read_api(path: Path) -> Api:
    """Read a document. Raises `ConfigurationError` when it is none of OpenAPI 3."""
    root = _parsed(path)
    if not isinstance(root, Mapping):
        raise ConfigurationError(f"{path}: is no OpenAPI document: an object is needed")
    version = str(root.get("openapi", ""))
    if not version.startswith("3."):
        older = f"Swagger {root['swagger']}" if "swagger" in root else f'"openapi: {version}"'
        hint = "convert it to OpenAPI 3; most tools that read Swagger can"
        raise ConfigurationError(f"{path}: is {older}, and OpenAPI 3 is needed", hint=hint)
    api = Api(str(path), root)
    found = {operation.name: operation for operation in _operations(api)}
    if not found:
        raise ConfigurationError(f"{path}: has no operations")
    return Api(str(path), root, found)


def listed(names: list[str], most: int = 12) -> str:
    """Names for a message, not too many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _operations(api: Api) -> Iterator[Operation]:
    for path, item in _object(api.root.get("paths")).items():
        shared = api.resolved(item)
        for method in METHODS:
            own = shared.get(method)
            if isinstance(own, Mapping):
                name = str(own.get("operationId") or f"{method.upper()} {path}")
                yield Operation(name, method, str(path), own, shared)


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f'the document "{path}" cannot be read: {error.strerror}') from None
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"{path}: is larger than {MAX_BYTES // 1_000_000} MB")
    if path.suffix == ".json" or content.lstrip().startswith(b"{"):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise ConfigurationError(
                f"not JSON: {error.msg}", place=Place(str(path), error.lineno, error.colno)
            ) from None
    return _yaml(path, content)


def _yaml(path: Path, content: bytes) -> Any:
    try:
        return yaml.load(content, Loader=_LOADER)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))
        raise ConfigurationError(f"not YAML: {error.problem or 'cannot be read'}", place=place) from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"not YAML: {str(error).splitlines()[0]}", place=Place(str(path))) from None


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}
