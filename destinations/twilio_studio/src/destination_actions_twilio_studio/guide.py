"""What the documentation page of the destination says besides its definition."""

from __future__ import annotations

from destination_actions import Guide, Note

guide = Guide(
    use_cases=(
        "Onboarding: welcome people who have signed up, and take them through their first steps by message or call.",
        "Support: ask what is wrong as soon as somebody requests help, and route the person to the right team.",
        "Surveys: call or write to people once their order has arrived, and ask how it went.",
        "Reminders: remind people of an appointment, and let them confirm or move it.",
        "Post-purchase: follow up on an order, with its number and total at hand.",
    ),
    steps=(
        "Make a Flow in Twilio Studio and publish it. It is started through its REST API trigger, so connect that.",
        'Have the people in your Segment space, with a phone number in E.164 form in their profiles; or map "to".',
        "Put the credentials into environment variables or files, and write a configuration as in the example.",
        'Run "destinations check" and "destinations auth-test" on it; then "destinations run", "serve" or "work".',
    ),
    settings={
        "accountSid": "On the dashboard of the Twilio Console.",
        "authToken": "Beside the Account SID.",
        "spaceId": "In Segment under Unify, Unify settings, API access.",
        "profileApiAccessToken": "Generate one on the same page; it is shown once.",
        "apiKeySid": "Made in the Twilio Console under Account, API keys & tokens.",
    },
    example_text=(
        "A follow-up on every completed order: the Flow starts for the person of the event, gets the order's number "
        "and total, and is not started again for the same person within 300 seconds."
    ),
    example={
        "destinations": {
            "post-purchase": {
                "destination": "twilio-studio",
                "settings": {
                    "accountSid": "${env:TWILIO_ACCOUNT_SID}",
                    "authToken": "${env:TWILIO_AUTH_TOKEN}",
                    "spaceId": "${env:SEGMENT_SPACE_ID}",
                    "profileApiAccessToken": "${env:SEGMENT_PROFILE_API_TOKEN}",
                },
                "subscriptions": [
                    {
                        "name": "Post-purchase follow-up",
                        "subscribe": 'type = "track" and event = "Order Completed"',
                        "action": "triggerStudioFlow",
                        "mapping": {
                            "flowSid": "FW00000000000000000000000000000005",
                            "from": "+15551234567",
                            "coolingOffPeriod": 300,
                            "parameters": {
                                "orderId": {"@path": "$.properties.order_id"},
                                "total": {"@path": "$.properties.total"},
                            },
                        },
                    }
                ],
            }
        }
    },
    notes=(
        Note(
            "Existing Flows",
            "The destination starts Flows that exist and are published; it makes and changes none. A Flow that is "
            "still a draft, or belongs to another account or region, is answered with 404, and the event is rejected.",
        ),
        Note(
            "Duplicates",
            "Within the cooling-off period a Flow is not started again for the same person, however many events and "
            "workers there are; 60 seconds if nothing else is said. Each event starts a Flow at most once. "
            "Where it cannot be told whether a request was executed, Twilio is asked before anything is sent again.",
        ),
        Note(
            "Identity",
            "A person is the user ID of the event, or else its anonymous ID; one of them has to be there. The newest "
            "phone number of the profile is contacted, and it has to be in E.164 form, such as +15551234567: nothing "
            "is guessed, a country least of all.",
        ),
        Note(
            "Charges",
            "Twilio may charge for executions, and for the messages and calls that a Flow makes, by your Twilio plan. "
            "Look-ups count against the limits of your Segment plan.",
        ),
        Note(
            "Limits",
            "Twilio starts 20 executions a second for an account, and one at a time for a contact; workers that share "
            "a store stay below the first together, and wait out the second.",
        ),
    ),
)
