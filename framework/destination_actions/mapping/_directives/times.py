"""`@date` reads a moment in one form and writes it in another; the time zone is always said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from ...events import MISSING
from .._arguments import NODE
from .._directive import CompileContext, Directive
from .._limits import Frame
from .._paths import Resolver
from .._strftime import unknown_codes, written
from .._strptime import form_problem, reader
from ._arguments import arguments, described_as
from .numbers import read_number

_Reader: TypeAlias = Callable[[Any], datetime]
_Writer: TypeAlias = Callable[[datetime], Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNREADABLE = (ValueError, OverflowError, TypeError)


def _date(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value = context.node(argument["value"], "value")
    try:
        zone = time_zone(argument["zone"])
    except LookupError as error:
        return context.error(str(error), "zone", hint='write an IANA name such as "UTC" or "Europe/Oslo"')
    read, write = _reader(context, argument.get("from", "iso8601"), zone), _writer(context, argument["to"])

    def resolve_date(scope: Any, frame: Frame) -> Any:
        try:
            return write(read(value(scope, frame)).astimezone(zone))
        except UNREADABLE:
            return MISSING

    return resolve_date


def time_zone(name: str) -> tzinfo:
    """Give a time zone by its IANA name.

    Raises:
        LookupError: there is no such zone on this machine.
    """
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise LookupError(f'there is no time zone "{name}" on this machine') from None


def _reader(context: CompileContext, form: str, zone: tzinfo) -> _Reader:
    match form:
        case "iso8601":
            return lambda value: _in_zone(
                datetime.fromisoformat(value.strip() if isinstance(value, str) else value), zone
            )
        case "unix":
            return lambda value: _since_epoch(value, 1)
        case "unix_ms":
            return lambda value: _since_epoch(value, 1_000)
    if _is_refused(context, form, "from", form_problem(form)):
        return lambda value: value
    read = reader(form)
    return lambda value: _in_zone(read(value), zone)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _since_epoch(value: Any, parts: int) -> datetime:
    number = read_number(value)
    if number is None:
        raise ValueError("not a number")
    return EPOCH + timedelta(microseconds=int(number * 1_000_000 / parts))


def _writer(context: CompileContext, form: str) -> _Writer:
    match form:
        case "iso8601":
            return _iso8601
        case "date":
            return lambda moment: moment.date().isoformat()
        case "unix":
            return lambda moment: (moment - EPOCH) // timedelta(seconds=1)
        case "unix_ms":
            return lambda moment: (moment - EPOCH) // timedelta(milliseconds=1)
    unknown = unknown_codes(form)
    _is_refused(context, form, "to", f"there is no code {unknown[0]} for writing dates" if unknown else None)
    return lambda moment: written(moment, form)


def _iso8601(moment: datetime) -> str:
    text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def _is_refused(context: CompileContext, form: str, key: str, problem: str | None) -> bool:
    if problem is None and "%" not in form:
        problem = "it has no code in it"
    if problem:
        hint = 'write "iso8601", "unix", "unix_ms", or codes such as "%d.%m.%Y"; docs/reference/mapping.md lists them'
        context.error(f'"{form}" is no form of dates: {problem}', key, hint=hint)
    return problem is not None


_EVENT = {"timestamp": "2024-05-01T22:20:30.123Z"}
_FORM = {"type": "string", "minLength": 1, "maxLength": 100}

DIRECTIVES = (
    Directive(
        name="@date",
        schema=arguments(
            "value",
            "to",
            "zone",
            value=described_as(NODE, "The moment; missing for what cannot be read as one."),
            **{
                "from": {
                    **_FORM,
                    "description": '"iso8601" (if left out), "unix" or "unix_ms" (since 1970), or a pattern of codes.',
                }
            },
            to={
                **_FORM,
                "description": '"iso8601", "date", "unix", "unix_ms", or a pattern of codes such as "%d.%m.%Y".',
            },
            zone={
                "type": "string",
                "description": "IANA name of the zone of the result, and of a moment that says none.",
            },
        ),
        compile=_date,
        summary="A moment in another form, in a time zone that is said.",
        example=(
            {"@date": {"value": {"@path": "$.timestamp"}, "to": "%d.%m.%Y %H:%M", "zone": "Europe/Oslo"}},
            _EVENT,
            "02.05.2024 00:20",
        ),
    ),
)
