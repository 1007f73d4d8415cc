"""Small plugins with one thing wrong each; the docstring says what. Taken from what goes wrong in real ones."""

from __future__ import annotations

import asyncio
import functools
import json
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from destination_actions import (
    Accepted,
    Authentication,
    Check,
    Cooldown,
    Destination,
    FieldSet,
    Found,
    MaybeSent,
    NotSent,
    Origin,
    Preset,
    Refused,
    Secret,
    TryAgain,
    field,
    retry_after,
)
from seeded_model import (
    API,
    Message,
    action,
    answer_of,
    batch_answer,
    beacon,
    body_of,
    check_token,
    headers_of,
    message_url,
    object_of,
    performing,
    performs,
    phone_of,
    reconcile,
    refusal_of,
)

Bug = Callable[[], Destination[Any]]


def changed(perform: Any, **more: Any) -> Destination[Any]:
    """The model with another `perform`, alone as in batches."""
    return beacon(action(perform=perform, perform_batch=None, **more))


# --- definition ------------------------------------------------------------------------------------------------------


def plain_token() -> Destination[Any]:
    """The token is declared as a text."""

    class Plain(FieldSet):
        account: str = field("Account", "The account's name.")
        api_token: str = field("Token", "Of the account.")

    return beacon(settings=Plain, origins=lambda one: [Origin(API, auth=(one.account, one.api_token))])


def undescribed_action() -> Destination[Any]:
    """The action has no description."""
    return beacon(action(description=""))


def undescribed_field() -> Destination[Any]:
    """A field has no description."""

    class Bare(Message):
        note: str | None = field("Note", default=None)

    return beacon(action(payload=Bare))


def same_labels() -> Destination[Any]:
    """Two fields have the same label."""

    class Twice(Message):
        subject: str | None = field("Text", "What it is about.", default=None)

    return beacon(action(payload=Twice))


def preset_of_wrong_type() -> Destination[Any]:
    """A preset maps an object where a text is wanted."""
    return beacon(presets=(Preset("P", "send", 'type = "track"', {"text": {"@path": "$.properties"}}, "Wrong."),))


def preset_of_unknown_directive() -> Destination[Any]:
    """A preset's mapping has a directive that there is not."""
    return beacon(presets=(Preset("P", "send", 'type = "track"', {"text": {"@paht": "$.event"}}, "Wrong."),))


def default_of_wrong_type() -> Destination[Any]:
    """A default mapping gives an object where a text is wanted."""

    class Wrong(Message):
        subject: str | None = field("Subject", "What it is about.", mapping="context", default=None)

    return beacon(action(payload=Wrong))


def never_subscribed() -> Destination[Any]:
    """The default subscription is for a type of event that there is not."""
    return beacon(action(default_subscription='type = "trak"'))


def without_encryption() -> Destination[Any]:
    """Credentials travel without encryption."""
    return beacon(origins=lambda one: [Origin("http://api.beacon.test", auth=(one.account, one.token.reveal()))])


def connects_at_import() -> Destination[Any]:
    """It connects somewhere while it is imported."""
    import seeded_import_connects

    return beacon(settings=seeded_import_connects.Settings)


def thread_at_import() -> Destination[Any]:
    """It starts a thread while it is imported."""
    import seeded_import_thread

    return beacon(settings=seeded_import_thread.Settings)


# --- secrets ---------------------------------------------------------------------------------------------------------


def token_in_url() -> Destination[Any]:
    """The token is a query parameter."""
    return performs(url=lambda ctx, one: f"{message_url(ctx, one)}?token={quote(ctx.settings.token.reveal())}")


def token_logged() -> Destination[Any]:
    """The token is logged."""

    def headers(ctx: Any, message: Message) -> dict[str, str]:
        ctx.log.info("sending with %s", ctx.settings.token.reveal())
        return headers_of(ctx, message)

    return performs(headers=headers)


def token_printed() -> Destination[Any]:
    """The token is printed when it is refused."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 401:
            print(f"bad token: {ctx.settings.token.reveal()}")
        return answer_of(ctx, response)

    return performs(answer=answer)


def token_in_error() -> Destination[Any]:
    """The message of a refusal quotes the token."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 400:
            raise Refused(f"refused for {ctx.settings.account}:{ctx.settings.token.reveal()}")
        return answer_of(ctx, response)

    return performs(answer=answer)


def token_in_cause() -> Destination[Any]:
    """The cause of a refusal holds the token."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 400:
            raise Refused("refused") from ValueError({"token": ctx.settings.token.reveal()})
        return answer_of(ctx, response)

    return performs(answer=answer)


def token_in_data() -> Destination[Any]:
    """The outcome's data holds the token."""
    return performs(answer=lambda ctx, one: Accepted({**answer_of(ctx, one).data, "auth": ctx.settings.token.reveal()}))


def token_to_stranger() -> Destination[Any]:
    """The token goes to another host too."""

    async def phone(ctx: Any, message: Message) -> str:
        with suppress(NotSent, MaybeSent):
            await ctx.http.get("https://metrics.test/hit", headers={"X-Auth": ctx.settings.token.reveal()})
        return str(await phone_of(ctx, message))

    return performs(phone=phone)


def settings_show_token() -> Destination[Any]:
    """The settings print their token."""

    class Open(FieldSet):
        account: str = field("Account", "The account's name.")
        token: Secret = field("Token", "Of the account.", minimum=12)

        def __repr__(self) -> str:
            return f"Open({self.account}, {self.token.reveal()})"

    return beacon(settings=Open)


def check_shows_token() -> Destination[Any]:
    """The test of the credentials shows them."""

    async def test(ctx: Any) -> list[Check]:
        return [replace(one, message=f"tried {ctx.settings.token.reveal()}") for one in await check_token(ctx)]

    return beacon(authentication=Authentication(test=test))


# --- effects ---------------------------------------------------------------------------------------------------------


def two_effects() -> Destination[Any]:
    """It sends two requests."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        await ctx.send("POST", f"{API}/v1/people", json={"person": message.person})
        return await performing()(ctx, message)  # type: ignore[no-any-return]

    return changed(perform)


def effect_as_read() -> Destination[Any]:
    """The effect goes out as a read."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        made = body_of(ctx, message, await phone_of(ctx, message), ctx.delivery_key)
        return answer_of(ctx, await ctx.http.request("POST", message_url(ctx, message), json=made))

    return changed(perform)


def write_as_read() -> Destination[Any]:
    """Besides the effect, something is changed by a read."""

    async def phone(ctx: Any, message: Message) -> str:
        await ctx.http.request("PUT", f"{API}/v1/seen", json={"person": message.person})
        return str(await phone_of(ctx, message))

    return performs(phone=phone)


def no_effect() -> Destination[Any]:
    """Nothing is sent, and it counts as done."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        return Accepted({"to": await phone_of(ctx, message)})

    return changed(perform)


def random_key() -> Destination[Any]:
    """Every attempt has an idempotency key of its own."""
    return performs(headers=lambda ctx, one: {"Idempotency-Key": str(uuid.uuid4())})


def own_clock() -> Destination[Any]:
    """The request holds the time of the machine."""
    return performs(body=lambda ctx, one, phone, key: {**body_of(ctx, one, phone, key), "sentAt": time.time()})


def attempt_in_body() -> Destination[Any]:
    """The request of a retry is another one."""
    return performs(body=lambda ctx, one, phone, key: {**body_of(ctx, one, phone, key), "sentAt": int(ctx.clock.now())})


def no_key() -> Destination[Any]:
    """It reads back by a key that it never sends."""

    def body(ctx: Any, message: Message, phone: str, key: str) -> Any:
        return {name: value for name, value in body_of(ctx, message, phone, key).items() if name != "key"}

    return performs(body=body, headers=lambda ctx, one: {})


def whole_answer_as_data() -> Destination[Any]:
    """The whole answer becomes the outcome's data."""

    def answer(ctx: Any, response: Any) -> Any:
        answer_of(ctx, response)
        return Accepted(dict(object_of(response)))

    return performs(answer=answer)


# --- safety ----------------------------------------------------------------------------------------------------------


def swallows_exceptions() -> Destination[Any]:
    """Whatever goes wrong counts as done."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        try:
            return await performing()(ctx, message)  # type: ignore[no-any-return]
        except Exception:
            return Accepted()

    return changed(perform)


def returns_none() -> Destination[Any]:
    """It returns nothing."""
    return performs(answer=lambda ctx, one: (answer_of(ctx, one), None)[1])


def returns_response() -> Destination[Any]:
    """It returns the response."""
    return performs(answer=lambda ctx, one: (answer_of(ctx, one), one)[1])


def forgets_await() -> Destination[Any]:
    """It returns what it should have awaited."""

    async def perform(ctx: Any, message: Message) -> Any:
        return performing()(ctx, message)

    return changed(perform)


def exits() -> Destination[Any]:
    """It ends the process when the credentials are refused."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 401:
            sys.exit(1)
        return answer_of(ctx, response)

    return performs(answer=answer)


def trusts_the_body() -> Destination[Any]:
    """It takes an id for granted."""

    def answer(ctx: Any, response: Any) -> Any:
        answer_of(ctx, response)
        return Accepted({"messageId": response.json()["id"]})

    return performs(answer=answer)


def trusts_error_bodies() -> Destination[Any]:
    """It takes the form of an error's body for granted."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 400:
            raise Refused(response.json()["message"].upper())
        return answer_of(ctx, response)

    return performs(answer=answer)


def sleeps_blocking() -> Destination[Any]:
    """It blocks the loop for a moment."""

    def headers(ctx: Any, message: Message) -> dict[str, str]:
        time.sleep(0.001)
        return headers_of(ctx, message)

    return performs(headers=headers)


def connects_itself() -> Destination[Any]:
    """It connects by itself, as other HTTP libraries would."""

    async def phone(ctx: Any, message: Message) -> str:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", 9), timeout=0.01).close()
        return str(await phone_of(ctx, message))

    return performs(phone=phone)


def runs_a_program() -> Destination[Any]:
    """It runs another program."""

    async def phone(ctx: Any, message: Message) -> str:
        with suppress(OSError):
            subprocess.run(["true"], check=False)  # noqa: ASYNC221
        return str(await phone_of(ctx, message))

    return performs(phone=phone)


def waits_itself() -> Destination[Any]:
    """It waits before it sends."""

    async def phone(ctx: Any, message: Message) -> str:
        await asyncio.sleep(5)
        return str(await phone_of(ctx, message))

    return performs(phone=phone)


def mutates_event() -> Destination[Any]:
    """It changes the event."""

    def headers(ctx: Any, message: Message) -> dict[str, str]:
        ctx.event["properties"]["seen"] = True
        return headers_of(ctx, message)

    return performs(headers=headers)


def mutates_payload() -> Destination[Any]:
    """It changes an object within the payload."""

    def body(ctx: Any, message: Message, phone: str, key: str) -> Any:
        if message.extra is not None:
            message.extra["phone"] = phone
        return body_of(ctx, message, phone, key)

    return performs(body=body)


def swallows_cancellation() -> Destination[Any]:
    """It goes on when it is cancelled."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        try:
            return await performing()(ctx, message)  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            return Accepted({"cancelled": True})

    return changed(perform)


# --- isolation -------------------------------------------------------------------------------------------------------


def mutable_default() -> Destination[Any]:
    """A mutable default keeps what the first configured destination put there."""

    async def phone(ctx: Any, message: Message, known: dict[str, str] = {}) -> str:  # noqa: B006
        number = known.setdefault("account", ctx.settings.account)
        return f"{await phone_of(ctx, message)};{number}"

    return performs(phone=phone)


def cached_by_person() -> Destination[Any]:
    """A cache for all accounts keeps what one account's API said of a person."""

    @functools.cache
    def accounts(person: str) -> list[str]:
        return []

    async def phone(ctx: Any, message: Message) -> str:
        known = accounts("anybody")
        known.append(ctx.settings.token.reveal())
        return f"{await phone_of(ctx, message)};{known[0]}"

    return performs(phone=phone)


def remembers_failures() -> Destination[Any]:
    """After a failure it sends in another way."""
    failed: list[int] = []

    def answer(ctx: Any, response: Any) -> Any:
        if not response.is_success:
            failed.append(response.status_code)
        return answer_of(ctx, response)

    return performs(answer=answer, headers=lambda ctx, one: {**headers_of(ctx, one), "X-Failed": str(len(failed))})


def accumulates() -> Destination[Any]:
    """Earlier events stay in the body."""
    sent: list[str] = []

    def body(ctx: Any, message: Message, phone: str, key: str) -> Any:
        sent.append(message.text)
        return {**body_of(ctx, message, phone, key), "texts": list(sent)}

    return performs(body=body)


# --- values ----------------------------------------------------------------------------------------------------------


def id_not_encoded() -> Destination[Any]:
    """An id stands in the path as it came."""
    return performs(url=lambda ctx, one: f"{API}/v1/people/{one.person}/messages")


def id_half_encoded() -> Destination[Any]:
    """An id's slashes stand in the path as they came."""
    return performs(url=lambda ctx, one: f"{API}/v1/people/{quote(one.person)}/messages")


def query_not_encoded() -> Destination[Any]:
    """A text stands in the query as it came."""
    return performs(url=lambda ctx, one: f"{message_url(ctx, one)}?text={one.text.replace(' ', '+')}")


def json_by_hand() -> Destination[Any]:
    """JSON is written by hand."""

    def body(ctx: Any, message: Message, phone: str, key: str) -> str:
        made = body_of(ctx, message, phone, key)
        del made["text"]
        return json.dumps(made, ensure_ascii=False)[:-1] + f', "text": "{message.text}"}}'

    return performs(body=body, headers=lambda ctx, one: {**headers_of(ctx, one), "Content-Type": "application/json"})


def form_by_hand() -> Destination[Any]:
    """A form is written by hand."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}

    def body(ctx: Any, message: Message, phone: str, key: str) -> str:
        made = body_of(ctx, message, phone, key)
        return "&".join(f"{name}={value}" for name, value in made.items() if value is not None)

    return performs(body=body, headers=lambda ctx, one: {**headers_of(ctx, one), **kind})


def text_into_header() -> Destination[Any]:
    """A header's name comes from a text."""
    return performs(
        headers=lambda ctx, one: {**headers_of(ctx, one), f"X-{''.join(filter(str.isalnum, one.text))[:20]}": "1"}
    )


def loses_unicode() -> Destination[Any]:
    """Letters outside ASCII are lost."""
    return performs(
        body=lambda ctx, one, phone, key: {
            **body_of(ctx, one, phone, key),
            "text": one.text.encode("ascii", "ignore").decode(),
        }
    )


def wrong_field() -> Destination[Any]:
    """A field stands where another belongs."""
    return performs(body=lambda ctx, one, phone, key: {**body_of(ctx, one, phone, key), "subject": one.text})


def ignored_field() -> Destination[Any]:
    """A field is not used."""
    return performs(body=lambda ctx, one, phone, key: {**body_of(ctx, one, phone, key), "priority": "normal"})


# --- answers ---------------------------------------------------------------------------------------------------------


def ignores_status() -> Destination[Any]:
    """Every answer is an acceptance."""
    return performs(answer=lambda ctx, one: Accepted({"status": one.status_code}))


def conflict_is_success() -> Destination[Any]:
    """A refusal of one kind counts as done."""
    return performs(answer=lambda ctx, one: Accepted() if one.status_code == 422 else answer_of(ctx, one))


def retries_for_ever() -> Destination[Any]:
    """What will always be refused is tried again."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code in {400, 422}:
            raise TryAgain("later")
        return answer_of(ctx, response)

    return performs(answer=answer)


def blames_the_event() -> Destination[Any]:
    """Refused credentials reject the event."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 401:
            raise Refused("bad token", status=401)
        return answer_of(ctx, response)

    return performs(answer=answer)


def drops_limited() -> Destination[Any]:
    """A 429 rejects the event."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 429:
            raise Refused("too many", status=429)
        return answer_of(ctx, response)

    return performs(answer=answer)


def _limited(after: Callable[[Any, Any], float]) -> Destination[Any]:
    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 429:
            raise TryAgain("too many", after=after(ctx, response), lane=True)
        return answer_of(ctx, response)

    return performs(answer=answer)


def ignores_retry_after() -> Destination[Any]:
    """It comes back after a second, whatever it was told."""
    return _limited(lambda ctx, one: 1.0)


def retry_after_of_digits() -> Destination[Any]:
    """It knows only one form of Retry-After."""
    return _limited(lambda ctx, one: float(int(one.headers.get("retry-after", "1"))))


def retry_after_of_years() -> Destination[Any]:
    """It waits however long it is told."""

    def after(ctx: Any, response: Any) -> float:
        text = response.headers.get("retry-after", "1")
        return float(text) if text.isdigit() else retry_after(response, now=ctx.clock.now())

    return _limited(after)


def retries_itself() -> Destination[Any]:
    """What may have been executed is sent again at once."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        try:
            return await performing()(ctx, message)  # type: ignore[no-any-return]
        except MaybeSent:
            return await performing()(ctx, message)  # type: ignore[no-any-return]

    return changed(perform)


def retries_limited_itself() -> Destination[Any]:
    """It waits out a 429 by itself."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        for _ in range(3):
            try:
                return await performing()(ctx, message)  # type: ignore[no-any-return]
            except TryAgain as error:
                await ctx.clock.sleep(error.after or 1.0)
        raise TryAgain("too many")

    return changed(perform)


def _catches(kind: type[BaseException], answer: Exception) -> Destination[Any]:
    async def perform(ctx: Any, message: Message) -> Accepted:
        try:
            return await performing()(ctx, message)  # type: ignore[no-any-return]
        except kind as error:
            raise answer from error

    return changed(perform)


def unknown_is_no() -> Destination[Any]:
    """What may have been executed counts as refused."""
    return _catches(MaybeSent, Refused("server error"))


def unknown_is_later() -> Destination[Any]:
    """What may have been executed counts as not done."""
    return _catches(MaybeSent, TryAgain("server error"))


def unreachable_is_no() -> Destination[Any]:
    """An API that cannot be reached rejects the event."""
    return _catches(NotSent, Refused("unreachable"))


def broken_body_undoes() -> Destination[Any]:
    """A body that cannot be read undoes an acceptance."""

    def answer(ctx: Any, response: Any) -> Any:
        accepted = answer_of(ctx, response)
        if not object_of(response):
            raise TryAgain("the answer is no JSON object")
        return accepted

    return performs(answer=answer)


def follows_redirects() -> Destination[Any]:
    """It follows redirects by itself."""

    async def perform(ctx: Any, message: Message) -> Accepted:
        made = body_of(ctx, message, await phone_of(ctx, message), ctx.delivery_key)
        response = await ctx.send("POST", message_url(ctx, message), json=made, headers=headers_of(ctx, message))
        if 300 <= response.status_code < 400:
            response = await ctx.send("POST", response.headers["location"], json=made)
        return answer_of(ctx, response)

    return changed(perform)


def trusts_reads() -> Destination[Any]:
    """It takes the form of what it reads for granted."""

    async def phone(ctx: Any, message: Message) -> str:
        response = await ctx.http.get(f"{API}/v1/people/{quote(message.person, safe='')}")
        return str(response.json()["phone"])

    return performs(phone=phone)


def long_messages() -> Destination[Any]:
    """The whole body of a refusal becomes its message."""

    def answer(ctx: Any, response: Any) -> Any:
        if response.status_code == 400:
            raise Refused(response.text)
        return answer_of(ctx, response)

    return performs(answer=answer)


# --- cooldown --------------------------------------------------------------------------------------------------------


def _cooled(cooldown: Any) -> Destination[Any]:
    return beacon(action(cooldown=cooldown))


def cooldown_without_account() -> Destination[Any]:
    """Accounts hold up each other."""
    return _cooled(lambda settings, one: Cooldown(one.person, seconds=one.period))


def cooldown_without_person() -> Destination[Any]:
    """People hold up each other."""
    return _cooled(lambda settings, one: Cooldown(settings.account, seconds=one.period))


def cooldown_of_objects() -> Destination[Any]:
    """The key is never the same twice."""
    return _cooled(lambda settings, one: Cooldown(settings.account, object(), seconds=one.period))


def cooldown_of_constant() -> Destination[Any]:
    """The period that people set is not used."""
    return _cooled(lambda settings, one: Cooldown(settings.account, one.person, seconds=60))


# --- batch -----------------------------------------------------------------------------------------------------------


def _batched(perform_batch: Any) -> Destination[Any]:
    return beacon(action(perform_batch=perform_batch))


def _bodies(ctx: Any, messages: Any) -> list[Any]:
    return [
        body_of(ctx, one, one.phone or "+15551230000", key)
        for one, key in zip(messages, ctx.delivery_keys, strict=True)
    ]


def batch_of_first() -> Destination[Any]:
    """Only the first event of a batch is sent."""

    async def perform_batch(ctx: Any, messages: Any) -> Any:
        return [await batch_answer(ctx, list(range(len(messages))), _bodies(ctx, messages)[:1])] * len(messages)

    return _batched(perform_batch)


def batch_too_short() -> Destination[Any]:
    """There are fewer answers than events."""

    async def perform_batch(ctx: Any, messages: Any) -> Any:
        return [await batch_answer(ctx, list(range(len(messages))), _bodies(ctx, messages))] * max(1, len(messages) - 1)

    return _batched(perform_batch)


def batch_ignores_status() -> Destination[Any]:
    """A refused batch counts as done."""

    async def perform_batch(ctx: Any, messages: Any) -> Any:
        response = await ctx.send("POST", f"{API}/v1/messages", json={"messages": _bodies(ctx, messages)})
        return [Accepted({"status": response.status_code})] * len(messages)

    return _batched(perform_batch)


def batch_drops_limited() -> Destination[Any]:
    """A batch that comes too soon is rejected, where a single event would wait."""

    async def perform_batch(ctx: Any, messages: Any) -> Any:
        response = await ctx.send("POST", f"{API}/v1/messages", json={"messages": _bodies(ctx, messages)})
        if response.status_code == 429:
            raise Refused("too many", status=429)
        return [answer_of(ctx, response)] * len(messages)

    return _batched(perform_batch)


# --- reading back ----------------------------------------------------------------------------------------------------


def _reconciled(function: Any) -> Destination[Any]:
    return beacon(action(reconcile=function))


def not_found_by_error() -> Destination[Any]:
    """An error while reading back means that nothing was executed."""

    async def wrong(ctx: Any, message: Message) -> Any:
        response = await ctx.http.get(message_url(ctx, message))
        return await reconcile(ctx, message) if response.is_success else None

    return _reconciled(wrong)


def not_found_by_exception() -> Destination[Any]:
    """Whatever fails while reading back means that nothing was executed."""

    async def wrong(ctx: Any, message: Message) -> Any:
        try:
            return await reconcile(ctx, message)
        except Exception:
            return None

    return _reconciled(wrong)


def trusts_the_list() -> Destination[Any]:
    """It takes the form of the list for granted."""

    async def wrong(ctx: Any, message: Message) -> Any:
        response = await ctx.http.get(message_url(ctx, message))
        if not response.is_success:
            raise refusal_of(ctx, response)
        listed = response.json()["messages"]
        return next((Found({"messageId": one["id"]}) for one in listed if one["key"] == ctx.delivery_key), None)

    return _reconciled(wrong)


def finds_true() -> Destination[Any]:
    """Reading back gives a truth value."""

    async def wrong(ctx: Any, message: Message) -> Any:
        return bool(await reconcile(ctx, message))

    return _reconciled(wrong)


def reconcile_sends() -> Destination[Any]:
    """Reading back sends."""

    async def wrong(ctx: Any, message: Message) -> Any:
        await ctx.send("POST", message_url(ctx, message), json={})

    return _reconciled(wrong)


# --- credentials -----------------------------------------------------------------------------------------------------


def _tested(test: Any) -> Destination[Any]:
    return beacon(authentication=Authentication(test=test))


def always_ok() -> Destination[Any]:
    """The test of the credentials is always content."""

    async def test(ctx: Any) -> list[Check]:
        await ctx.http.get(f"{API}/v1/account")
        return [Check("Beacon", ok=True)]

    return _tested(test)


def test_raises() -> Destination[Any]:
    """The test of the credentials raises where it should tell."""

    async def test(ctx: Any) -> list[Check]:
        response = await ctx.http.get(f"{API}/v1/account")
        if not response.is_success:
            raise RuntimeError(f"answered {response.status_code}")
        return [Check("Beacon", ok=True)]

    return _tested(test)


def test_says_nothing() -> Destination[Any]:
    """The test of the credentials does not say what to do."""

    async def test(ctx: Any) -> list[Check]:
        return [replace(one, message="") for one in await check_token(ctx)]

    return _tested(test)


def bugs() -> dict[str, Bug]:
    """Every bug by its name."""
    helpers = {"changed", "bugs"}
    here = {name: one for name, one in globals().items() if getattr(one, "__module__", None) == __name__}
    return {
        name: one for name, one in here.items() if callable(one) and not name.startswith("_") and name not in helpers
    }
