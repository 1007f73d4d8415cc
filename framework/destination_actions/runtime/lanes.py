"""A lane at run time: one destination and account, with its HTTP clients, its access token and its rate."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Coroutine, Mapping
from typing import Any, Final

from destination_actions.definitions import Action, OAuth2
from destination_actions.errors import DestinationActionsError, StoreError
from destination_actions.fields import secret_values
from destination_actions.http import (
    TIMEOUT,
    AddressGuard,
    Credentials,
    DirectEngine,
    OriginClients,
    Redactor,
    make_engine,
    origin_of,
)
from destination_actions.protocols import Clock, HttpEngine, RateStore, Response, Stores
from destination_actions.runtime.oauth import Token, Tokens, token_name
from destination_actions.runtime.plan import Lane

LEAD: Final = 0.1
"""Seconds before its turn at which an effect's claim is marked; a commit that takes no longer delays nothing."""

LATE: Final = 0.05
"""Seconds after its turn up to which an effect may still leave. Those that were kept waiting together would leave
together, and a limit holds in every second: where the store stood still, they take other turns."""


class LaneClients:
    """`Context.http`: requests with the credentials of their origin, and with a token that is renewed once on a 401."""

    def __init__(self, clients: OriginClients, tokens: Tokens | None, origins: frozenset[str]) -> None:
        self._clients = clients
        self._tokens = tokens
        self._origins = origins

    # Three of these hand a coroutine on instead of awaiting it: each layer takes time again whenever one is resumed.

    def get(self, url: str, **options: Any) -> Coroutine[Any, Any, Response]:
        """As `Reads.get`."""
        return self.request("GET", url, **options)

    def request(self, method: str, url: str, **options: Any) -> Coroutine[Any, Any, Response]:
        """As `Reads.request`."""
        if self._tokens is None:  # most lanes have none
            return self._clients.request(method, url, **options)
        return self._with_token(method, url, options)

    async def _with_token(self, method: str, url: str, options: Mapping[str, Any]) -> Response:
        token = await self.token(url, options)
        response = await self.once(method, url, token, **options)
        if response.status_code == 401 and token is not None:
            response = await self.once(method, url, await self.renewed(token), **options)
        return response

    async def token(self, url: str, options: Mapping[str, Any]) -> Token | None:
        """The access token for a request to this address, if it takes one and brings no credentials of its own."""
        if self._tokens is None or origin_of(url) not in self._origins or _has_credentials(options):
            return None
        return await self._tokens.current()

    async def renewed(self, stale: Token) -> Token:
        """A token other than `stale`."""
        assert self._tokens is not None  # noqa: S101 - there was a token
        return await self._tokens.renewed(stale)

    def once(self, method: str, url: str, token: Token | None, **options: Any) -> Coroutine[Any, Any, Response]:
        """Send one request with this token."""
        if token is not None:
            options.setdefault("auth", Credentials.bearer(token.access))
        return self._clients.request(method, url, **options)


def _has_credentials(options: Mapping[str, Any]) -> bool:
    """Whether a request brings its own: a 401 is then no word about the lane's token."""
    headers = options.get("headers") or {}
    names = headers if isinstance(headers, Mapping) else (name for name, _ in headers)
    return options.get("auth") is not None or any(name.lower() == "authorization" for name in names)


class Engines:
    """The engines of a runtime: the shared one, and one with an address guard for each lane that needs it."""

    def __init__(self, http: object = None) -> None:
        self._given = http
        self._shared = make_engine(http)
        self._guarded: dict[str, HttpEngine] = {}

    def of(self, lane: Lane) -> HttpEngine:
        """Give a lane's engine. What an embedder handed in is used as it is; guarding it is theirs then."""
        allowed = lane.destination.allowed_addresses
        if allowed is None or self._given is not None:
            return self._shared
        if lane.name not in self._guarded:
            self._guarded[lane.name] = DirectEngine(guard=AddressGuard(allow=tuple(allowed(lane.settings))))
        return self._guarded[lane.name]

    async def aclose(self) -> None:
        """Close what was made here."""
        for engine in self._guarded.values():
            await engine.aclose()
        if self._shared is not self._given:
            await self._shared.aclose()


class LaneState:
    """What all deliveries of one lane share in this process. `within` is how many seconds a turn may be away.

    `rates` is where turns are taken, when that is not the store's own.
    """

    def __init__(
        self,
        lane: Lane,
        engines: Engines,
        stores: Stores,
        clock: Clock,
        within: float,
        rates: RateStore | None = None,
    ) -> None:
        timeout = TIMEOUT if lane.timeout is None else lane.timeout
        clients = OriginClients(engines.of(lane), _credentials(lane), timeout=timeout)
        oauth = lane.destination.authentication.oauth if lane.destination.authentication else None
        origins = frozenset(origin_of(url) for url in oauth.origins(lane.settings)) if oauth else frozenset()
        self.key = lane_key(lane)
        self.tokens = _tokens(lane, oauth, self.key, stores, clients, clock) if oauth and origins else None
        self.clients = LaneClients(clients, self.tokens, origins)
        self.rates = rates or stores.rates
        self._lane = lane
        self._clock = clock
        self._within = within
        self._turns: dict[str, Turns | None] = {}
        self._redactor: tuple[Redactor, tuple[str, ...]] = (lane.redactor, ())

    @property
    def redactor(self) -> Redactor:
        """Masks the lane's secrets, its present access token included."""
        if self.tokens is None:
            return self._redactor[0]
        secrets = self.tokens.secrets
        if secrets != self._redactor[1]:
            self._redactor = (Redactor([*secret_values(self._lane.settings), *secrets], phones=True), secrets)
        return self._redactor[0]

    def turns(self, action: Action[Any, Any]) -> Turns | None:
        """The rate that an action declares for its effects."""
        if action.slug not in self._turns:
            rate = action.rate(self._lane.settings) if callable(action.rate) else action.rate
            name = f"{self.key}:{action.slug}"
            self._turns[action.slug] = Turns(self.rates, self._clock, name, rate, self._within) if rate else None
        return self._turns[action.slug]


class OpenRates:
    """The store's rates; while they are out of order, this process's own."""

    def __init__(self, shared: RateStore, own: RateStore) -> None:
        self._shared = shared
        self._own = own

    async def take_rate(self, lane: str, n: int, *, per_second: float, within: float = math.inf) -> float:
        """As `RateStore` says."""
        try:
            return await self._shared.take_rate(lane, n, per_second=per_second, within=within)
        except StoreError:
            return await self._own.take_rate(lane, n, per_second=per_second, within=within)

    async def pause(self, lane: str, seconds: float) -> None:
        """As `RateStore` says."""
        await self._shared.pause(lane, seconds)

    async def paused(self, lane: str) -> float:
        """As `RateStore` says."""
        return await self._shared.paused(lane)


class NoTurn(DestinationActionsError):  # noqa: N818 - a fact about the rate
    """The rate of the account is used up for now; there is a turn after `after` seconds. Nothing was sent."""

    def __init__(self, after: float) -> None:
        super().__init__(f"the account's rate is used up for the next {after:.1f} s")
        self.after = after


class Turns:
    """Effects at a rate that all workers share.

    A delivery takes a place before it claims and keeps it until it has ended, so that no more of them than the rate
    lets through in `within` seconds wait for a turn while they hold a claim. A turn that is further away is not taken:
    a claim whose lease runs out meanwhile would waste it.
    """

    def __init__(self, rates: RateStore, clock: Clock, lane: str, per_second: float, within: float) -> None:
        self._rates = rates
        self._clock = clock
        self._lane = lane
        self._per_second = per_second
        self._within = within
        self.place = asyncio.Semaphore(max(1, math.floor(per_second * within)))

    async def turn(self) -> float:
        """Give the moment (monotonic) from which one effect may leave, a little before it comes: time enough to mark
        the claim, so that effects leave as evenly as their turns are. Raises `NoTurn` when it is too far away."""
        moment = await self._next()
        await self._until(moment - LEAD)
        return moment

    async def come(self, moment: float) -> None:
        """Wait for the moment of a turn, or for that of another turn when it was missed."""
        if self._clock.monotonic() - moment > LATE:
            moment = await self._next()
        await self._until(moment)

    async def _next(self) -> float:
        wait = await self._rates.take_rate(self._lane, 1, per_second=self._per_second, within=self._within)
        if wait > self._within:
            raise NoTurn(wait - self._within / 2)
        return self._clock.monotonic() + wait

    async def _until(self, moment: float) -> None:
        if (early := moment - self._clock.monotonic()) > 0:
            await self._clock.sleep(early)


def _tokens(lane: Lane, oauth: OAuth2[Any], key: str, stores: Stores, clients: OriginClients, clock: Clock) -> Tokens:
    name = token_name(key, oauth, lane.settings)
    return Tokens(oauth, lane.settings, name=name, store=stores.tokens, clients=clients, clock=clock)


def lane_key(lane: Lane) -> str:
    """Name destination and account, without showing the account."""
    account = lane.destination.account(lane.settings) if lane.destination.account else f"name:{lane.name}"
    return f"{lane.destination.slug}:{hashlib.sha256(account.encode()).hexdigest()[:32]}"


def _credentials(lane: Lane) -> Mapping[str, Credentials]:
    origins = lane.destination.origins
    credentials: dict[str, Credentials] = {}
    for origin in origins(lane.settings) if origins else ():
        basic = Credentials.basic(*origin.auth).headers if origin.auth else ()
        credentials[origin.url] = Credentials((*basic, *Credentials.of_headers(origin.headers).headers))
    return credentials
