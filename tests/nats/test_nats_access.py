"""Getting in: user and password, token, NKey, a credentials file, TLS with and without a certificate of one's own."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nkeys
import pytest
import trustme
from destination_actions.errors import ConfigurationError, StoreError
from destination_actions.stores.nats.address import parse
from destination_actions.stores.nats.link import Link
from nats_servers import Server

Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers with a configuration of the test."""
    started: list[Server] = []

    def one(**config: Any) -> Server:
        started.append(Server(tmp_path, f"s{len(started)}", config))
        return started[-1].start()

    yield one
    for server in started:
        server.end()


def answers(url: str) -> bool:
    """Whether JetStream answers behind a URL."""
    link = Link(parse(url))
    try:
        return "limits" in link.wait(link.wire.api("INFO"))
    finally:
        link.close()


def pair(prefix: int) -> tuple[str, str]:
    """A new seed and its public key."""
    seed = nkeys.encode_seed(secrets.token_bytes(32), prefix)
    return seed.decode(), nkeys.from_seed(bytearray(seed)).public_key.decode()


def test_a_user_with_a_password(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    """The right one gets in; a wrong one is told so, and nothing of it is shown or logged."""
    caplog.set_level(logging.DEBUG)
    server = start(authorization={"users": [{"user": "jane", "password": "hush"}]})
    host = f"127.0.0.1:{server.port}"
    assert answers(f"nats://jane:hush@{host}/x")
    assert answers(f"nats://{host}/x?user=jane&password=hush")
    for wrong in (f"nats://jane:hush-not@{host}/x", f"nats://{host}/x"):
        with pytest.raises(StoreError, match="refused the credentials: check user, password, token") as told:
            Link(parse(wrong))
        assert "hush" not in str(told.value)
    assert "hush" not in caplog.text


def test_a_token(start: Start) -> None:
    """As an option, or before the host."""
    server = start(authorization={"token": "hush"})
    assert answers(f"nats://hush@127.0.0.1:{server.port}")
    assert answers(f"{server.url}?token=hush")
    with pytest.raises(StoreError, match="refused the credentials"):
        Link(parse(f"{server.url}?token=other"))


def test_an_nkey(start: Start) -> None:
    """The seed signs what the server asks; another seed does not get in, and one that is none is told as that."""
    seed, public = pair(nkeys.PREFIX_BYTE_USER)
    server = start(authorization={"users": [{"nkey": public}]})
    assert answers(f"{server.url}?nkey={seed}")
    with pytest.raises(StoreError, match=r"check .*credentials"):
        Link(parse(f"{server.url}?nkey={pair(nkeys.PREFIX_BYTE_USER)[0]}"))
    with pytest.raises(ConfigurationError, match="not the seed of an NKey") as told:
        Link(parse(f"{server.url}?nkey=hush"))
    assert "hush" not in str(told.value)


def signed(claims: dict[str, Any], seed: str, issuer: str) -> str:
    """A JSON Web Token as NATS has them."""
    claims = {"iat": int(time.time()), "iss": issuer, **claims}
    digest = hashlib.sha256(json.dumps(claims).encode()).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = nkeys.from_seed(bytearray(seed.encode())).sign(text)
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def test_a_credentials_file(start: Start, tmp_path: Path) -> None:
    """A user of an account of an operator gets in with the file that `nsc` writes: token and seed."""
    operator_seed, operator = pair(nkeys.PREFIX_BYTE_OPERATOR)
    account_seed, account = pair(nkeys.PREFIX_BYTE_ACCOUNT)
    user_seed, user = pair(nkeys.PREFIX_BYTE_USER)
    system = pair(nkeys.PREFIX_BYTE_ACCOUNT)[1]
    none = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
    disk = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1, "wildcards": True}
    operator_jwt = signed(
        {"sub": operator, "name": "o", "nats": {"type": "operator", "version": 2}}, operator_seed, operator
    )
    account_claims = {"type": "account", "version": 2, "limits": none | disk}
    account_jwt = signed({"sub": account, "name": "a", "nats": account_claims}, operator_seed, operator)
    system_claims = {"type": "account", "version": 2, "limits": none}
    system_jwt = signed({"sub": system, "name": "s", "nats": system_claims}, operator_seed, operator)
    user_claims = {"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1}
    user_jwt = signed({"sub": user, "name": "u", "nats": user_claims}, account_seed, account)
    server = start(
        operator=operator_jwt,
        resolver="MEMORY",
        system_account=system,
        resolver_preload={account: account_jwt, system: system_jwt},
    )
    path = tmp_path / "user.creds"
    path.write_text(
        f"-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user_seed}\n------END USER NKEY SEED------\n"
    )
    assert answers(f"{server.url}?credentials={path}")
    with pytest.raises(StoreError, match="refused the credentials"):
        Link(parse(server.url))
    with pytest.raises(ConfigurationError, match=r'the file ".*nowhere\.creds" .* option "credentials" does not exist'):
        Link(parse(f"{server.url}?credentials={tmp_path / 'nowhere.creds'}"))


def test_tls(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server's certificate is checked against the file of `ca`; where the server asks, ours is shown."""
    authority, other = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    for name, host in (("server", "127.0.0.1"), ("client", "client@example.com")):
        certificate = authority.issue_cert(host)
        certificate.private_key_pem.write_to_path(tmp_path / f"{name}.key")
        certificate.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
    tls = {
        "cert_file": str(tmp_path / "server.pem"),
        "key_file": str(tmp_path / "server.key"),
        "ca_file": str(tmp_path / "ca.pem"),
        "verify": True,
    }
    server = start(tls=tls)
    monkeypatch.setattr("destination_actions.stores.nats.link.CONNECT", 1.5)  # refusals are seen by then
    own = f"certificate={tmp_path / 'client.pem'}&key={tmp_path / 'client.key'}"
    assert answers(f"tls://127.0.0.1:{server.port}?ca={tmp_path / 'ca.pem'}&{own}")
    with pytest.raises(StoreError, match=r"no TLS connection: .*CERTIFICATE_VERIFY_FAILED"):
        Link(parse(f"tls://127.0.0.1:{server.port}?ca={tmp_path / 'other.pem'}&{own}"))
    with pytest.raises(StoreError, match=r"no TLS connection|whether it wants TLS"):
        Link(parse(f"tls://127.0.0.1:{server.port}?ca={tmp_path / 'ca.pem'}"))
