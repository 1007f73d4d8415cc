"""A destination with nothing wrong, made of parts that the seeded bugs replace one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from destination_actions import (
    Accepted,
    Action,
    Authentication,
    AuthenticationFailed,
    BatchContext,
    Check,
    Context,
    Cooldown,
    Destination,
    FieldSet,
    Found,
    MaybeSent,
    NotSent,
    Origin,
    Preset,
    Refused,
    Response,
    Secret,
    TryAgain,
    field,
    retry_after,
    url_of,
)
from destination_actions.testing import Reply
from destination_actions.testing.conformance import ConformanceProfile

API = "https://api.beacon.test"


class Settings(FieldSet):
    """An account of the service."""

    account: str = field("Account", "The account's name.")
    token: Secret = field("Token", "Of the account.", minimum=12)


class Message(FieldSet):
    """A message to a person."""

    person: str = field("Person", "Whom it is for.", mapping="userId")
    text: str = field("Text", "What it says.", maximum=5000)
    subject: str | None = field("Subject", "What it is about.", default=None)
    phone: str | None = field("Phone", "Looked up if it is left out.", format="e164", default=None)
    extra: dict[str, Any] | None = field("Extra", "What templates may use.", default=None)
    priority: str = field("Priority", "How soon.", choices=["normal", "high"], default="normal")
    period: int = field("Period", "Seconds between messages to a person.", default=60, minimum=0, maximum=86400)


def message_url(ctx: Any, message: Message) -> str:
    """Where a person's messages are."""
    return url_of(API, "v1", "people", message.person, "messages")


def body_of(ctx: Any, message: Message, phone: str, key: str) -> Any:
    """The body of a message."""
    return {
        "to": phone,
        "person": message.person,
        "text": message.text,
        "subject": message.subject,
        "extra": message.extra,
        "priority": message.priority,
        "key": key,
    }


def headers_of(ctx: Any, message: Message) -> dict[str, str]:
    """The headers of a message."""
    return {"Idempotency-Key": ctx.delivery_key}


async def phone_of(ctx: Any, message: Message) -> str:
    """The person's number: mapped, or looked up."""
    if message.phone is not None:
        return message.phone
    try:
        response = await ctx.http.get(url_of(API, "v1", "people", message.person))
    except (NotSent, MaybeSent) as error:
        raise TryAgain(f"the person cannot be looked up: {error}") from error
    if not response.is_success:
        raise refusal_of(ctx, response)
    found = object_of(response).get("phone")
    if not isinstance(found, str):
        raise Refused("the person has no phone number", code="no_phone")
    return found


def object_of(response: Response) -> Mapping[str, Any]:
    """The body, if it is a JSON object."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def refusal_of(ctx: Any, response: Response) -> Exception:
    """What an answer that is no 2xx means."""
    status = response.status_code
    message = f"Beacon answered {status}: {str(object_of(response).get('message'))[:200]}"
    if status == 429:
        return TryAgain(message, after=retry_after(response, now=ctx.clock.now()), lane=True, status=status)
    if status in {401, 403}:
        return AuthenticationFailed(message, status=status)
    if status == 408 or status >= 500:
        return TryAgain(message, status=status)
    return Refused(message, code=status, status=status)


def answer_of(ctx: Any, response: Response) -> Accepted:
    """Read an answer."""
    if not response.is_success:
        raise refusal_of(ctx, response)
    found = object_of(response).get("id")
    return Accepted({"messageId": found} if isinstance(found, str) else {})


def performing(
    *,
    url: Callable[..., str] = message_url,
    body: Callable[..., Any] = body_of,
    headers: Callable[..., dict[str, str]] = headers_of,
    phone: Callable[..., Any] = phone_of,
    answer: Callable[..., Any] = answer_of,
) -> Any:
    """A `perform` of these parts."""

    async def perform(ctx: Context[Settings], message: Message) -> Accepted:
        number = await phone(ctx, message)
        made = body(ctx, message, number, ctx.delivery_key)
        content = {"content": made} if isinstance(made, str | bytes) else {"json": made}
        given: Accepted = answer(
            ctx, await ctx.send("POST", url(ctx, message), headers=headers(ctx, message), **content)
        )
        return given

    return perform


async def perform_batch(ctx: BatchContext[Settings], messages: Sequence[Message]) -> list[Accepted | BaseException]:
    """All messages whose numbers are known in one request."""
    numbers = [await _number(ctx, message) for message in messages]
    ready = [at for at, number in enumerate(numbers) if isinstance(number, str)]
    answers: list[Any] = list(numbers)
    if ready:
        bodies = [body_of(ctx, messages[at], numbers[at], ctx.delivery_keys[at]) for at in ready]
        given = await batch_answer(ctx, ready, bodies)
        for at in ready:
            answers[at] = given
    return answers


async def batch_answer(ctx: Any, ready: list[int], bodies: Any) -> Any:
    """Send some of a batch: the answer to each of them."""
    try:
        return answer_of(ctx, await ctx.send("POST", f"{API}/v1/messages", only=ready, json={"messages": bodies}))
    except Exception as error:
        return error


async def _number(ctx: Any, message: Message) -> Any:
    try:
        return await phone_of(ctx, message)
    except (Refused, TryAgain, AuthenticationFailed) as error:
        return error


def cooldown(settings: Settings, message: Message) -> Cooldown:
    """One message a person and period."""
    return Cooldown(settings.account, message.person, seconds=message.period)


async def reconcile(ctx: Context[Settings], message: Message) -> Found | None:
    """Look for the message by its key."""
    response = await ctx.http.get(message_url(ctx, message), params={"key": ctx.delivery_key})
    if response.status_code == 404:
        return None
    if not response.is_success:
        raise refusal_of(ctx, response)
    try:
        body = response.json()
    except ValueError as error:
        raise TryAgain("the list of messages is not JSON") from error
    listed = body.get("messages") if isinstance(body, dict) else None
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and one.get("key") == ctx.delivery_key:
            return Found({"messageId": str(one.get("id"))})
    return None


async def check_token(ctx: Context[Settings]) -> list[Check]:
    """Try the token."""
    try:
        response = await ctx.http.get(f"{API}/v1/account")
    except (NotSent, MaybeSent) as error:
        return [Check("Beacon", ok=False, message=f"could not be reached: {error}")]
    if response.is_success:
        return [Check("Beacon", ok=True)]
    return [Check("Beacon", ok=False, message=f"answered {response.status_code}: check account and token")]


def origins(settings: Settings) -> list[Origin]:
    """The one API."""
    return [Origin(API, auth=(settings.account, settings.token.reveal()))]


def action(**changes: Any) -> Action[Any, Any]:
    """The action, changed."""
    parts: dict[str, Any] = {
        "slug": "send",
        "title": "Send a Message",
        "description": "Send a message to a person.",
        "payload": Message,
        "perform": performing(),
        "perform_batch": perform_batch,
        "cooldown": cooldown,
        "reconcile": reconcile,
    }
    return Action(**parts | changes)


def beacon(*actions: Action[Any, Any], **changes: Any) -> Destination[Any]:
    """The destination, changed."""
    preset = Preset("Sign-up", "send", 'type = "track" and event = "Signed Up"', {"text": "Welcome!"}, "Says welcome.")
    parts: dict[str, Any] = {
        "slug": "beacon",
        "name": "Beacon",
        "description": "Sends messages.",
        "settings": Settings,
        "actions": actions or (action(),),
        "origins": origins,
        "account": lambda settings: settings.account,
        "authentication": Authentication(test=check_token),
        "presets": (preset,),
    }
    return Destination(**parts | changes)


def performs(**parts: Any) -> Destination[Any]:
    """The destination with a `perform` of other parts, alone as in batches."""
    return beacon(action(perform=performing(**parts), perform_batch=None))


PROFILE = ConformanceProfile(
    samples={"send": {"phone": None}},
    replies=[
        Reply(on=f"GET {API}/v1/people/*/messages", json={"messages": []}),
        Reply(on=f"GET {API}/v1/people/*", json={"phone": "+15551230000"}),
    ],
)
"""People have phone numbers, and nothing was sent to them yet."""
