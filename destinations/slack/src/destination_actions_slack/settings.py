"""Where messages go: the address of an incoming webhook, which is a secret, since whoever has it can post."""

from destination_actions import FieldSet, Origin, Secret, field

WEBHOOK = r"^https://hooks[.]slack(-gov)?[.]com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+$"


class Settings(FieldSet):
    """What a user of Slack fills in."""

    webhook_url: Secret = field("Webhook URL", "Of an incoming webhook: the whole address.", pattern=WEBHOOK)


def origins(settings: Settings) -> list[Origin]:
    """Slack's host for webhooks; it gets no credentials besides the address."""
    return [Origin("/".join(settings.webhook_url.reveal().split("/")[:3]))]


def account(settings: Settings) -> str:
    """Workspace and webhook without the secret part: Slack counts by webhook."""
    return "/".join(settings.webhook_url.reveal().split("/")[4:6])
