"""Says hello: posts a greeting to a URL of yours."""

from destination_actions import Accepted, Action, Context, Destination, FieldSet, Secret, accepted, field, hookimpl


class Settings(FieldSet):
    """Where greetings go, and what proves who sends them."""

    url: str = field("URL", "Where greetings go.", format="uri")
    token: Secret = field("Token", "Sent as a bearer token.")


class Greeting(FieldSet):
    """One greeting."""

    name: str = field("Name", "Whom to greet.", mapping="traits.name")
    text: str = field("Text", "What to say.", default="hello")


async def perform(ctx: Context[Settings], greeting: Greeting) -> Accepted:
    """Post the greeting."""
    headers = {"Authorization": f"Bearer {ctx.settings.token.reveal()}"}
    body = {"text": f"{greeting.text} {greeting.name}"}
    return accepted(await ctx.send("POST", ctx.settings.url, json=body, headers=headers))


greet = Action(slug="greet", title="Greet", payload=Greeting, perform=perform)
hello = Destination(slug="hello", name="Hello", settings=Settings, actions=(greet,))


@hookimpl
def register_destinations() -> list[Destination[Settings]]:
    """Provide the destination."""
    return [hello]
