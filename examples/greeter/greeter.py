from destination_actions import Accepted, Action, Context, Destination, FieldSet, Origin, Secret, accepted, field


class Settings(FieldSet):
    url: str = field("URL", "Where the chat is.", format="uri")
    token: Secret = field("Token")


class Message(FieldSet):
    user_id: str = field("User ID", mapping="userId")
    text: str = field("Text", maximum=500, mapping={"@template": "{{userId}}: {{event}}"})


async def post(ctx: Context[Settings], message: Message) -> Accepted:
    return accepted(await ctx.send("POST", f"{ctx.settings.url}/messages", json=message.to_json()))


def origins(settings: Settings) -> list[Origin]:
    return [Origin(settings.url, headers={"Authorization": f"Bearer {settings.token.reveal()}"})]


post_message = Action(slug="postMessage", title="Post a message", payload=Message, perform=post)
greeter = Destination(slug="greeter", name="Greeter", settings=Settings, actions=(post_message,), origins=origins)
