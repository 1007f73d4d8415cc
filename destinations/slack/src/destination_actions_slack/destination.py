"""The destination: Slack."""

from destination_actions import Destination

from destination_actions_slack.post_message import post_message
from destination_actions_slack.settings import Settings, account, origins

destination = Destination(
    slug="slack",
    name="Slack",
    description="Posts messages to Slack through an incoming webhook.",
    settings=Settings,
    actions=(post_message,),
    origins=origins,
    account=account,
)
