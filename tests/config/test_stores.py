"""`stores` of a configuration as text and as an object, with references, and without showing what is secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from destination_actions.config import load_config
from destination_actions.errors import ConfigurationError
from destination_actions.stores.nats.address import OPTIONS, parse


def loaded(folder: Path, stores: Any, **environ: str) -> str:
    """The store URL of a configuration file."""
    (folder / "c.json").write_text(json.dumps({"stores": stores, "destinations": {}}))
    config = load_config(folder / "c.json", environ=environ)
    assert () == config.warnings
    assert "hush" not in repr(config)
    return config.stores


def test_an_object_becomes_a_url(tmp_path: Path) -> None:
    """Servers, login and files of an object are read back from the URL; a relative file lies beside the document."""
    stores = {
        "url": "nats://n1:4222,n2:4222/shop",
        "user": "jane",
        "password": "${env:PASSWORD}",
        "ca": "certs/ca.pem",
        "monitor": "http://n1:8222",
    }
    address = parse(loaded(tmp_path, stores, PASSWORD="hush & ?=%+"))
    assert (("n1:4222", "n2:4222"), "shop") == (address.servers, address.name)
    assert ("jane", "hush & ?=%+") == (address.user, address.password)
    assert (tmp_path / "certs" / "ca.pem", "http://n1:8222", True) == (address.ca, address.monitor, address.tls)


def test_a_url_from_the_environment(tmp_path: Path) -> None:
    """The whole URL may be a reference, and a part of it."""
    assert "nats://n1:4222" == loaded(tmp_path, "${env:STORES}", STORES="nats://n1:4222")
    assert "nats://hush@n1" == loaded(tmp_path, "nats://${env:TOKEN}@n1", TOKEN="hush")
    assert f"sqlite:{tmp_path}/a.db" == loaded(tmp_path, {"url": "sqlite:a.db"})


def test_every_option_is_in_the_schema(tmp_path: Path) -> None:
    """What a NATS store takes, the configuration takes, and no more."""
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "config.schema.json").read_text())
    assert {"url", *OPTIONS} == schema["properties"]["stores"]["properties"].keys()


@pytest.mark.parametrize(
    ("stores", "told"),
    [
        ({"user": "jane"}, 'stores: "url" is missing'),
        ({"url": "nats://h", "pasword": "hush"}, 'stores: unknown key "pasword"'),
        ({"url": "hush"}, "stores.url: must have the form"),
        ({"url": "nats://h", "password": 5}, "stores.password: must be text"),
        (5, "stores: must be text or an object, not 5"),
        ({"url": "nats://h", "token": "${env:TOKEN}"}, 'environment variable "TOKEN" is not set'),
    ],
)
def test_wrong_stores(tmp_path: Path, stores: Any, told: str) -> None:
    """What is wrong is named, and nothing of it is quoted that may be secret."""
    with pytest.raises(ConfigurationError) as error:
        loaded(tmp_path, stores)
    assert told in str(error.value)
    assert "hush" not in str(error.value)
