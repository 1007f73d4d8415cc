"""What the name of a member says about its value: ids and names of people, secrets, places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_KINDS: Final[dict[str, str]] = {
    "user": "userid user username login customerid customer contactid personid externalid",
    "anonymous": "anonymousid anonid visitorid sessionid fingerprint",
    "group": "groupid accountid companyid",
    "previous": "previousid",
    "message": "messageid",
    "name": (
        "firstname lastname middlename fullname surname givenname familyname nickname displayname maidenname "
        "accountname accountholder cardholder"
    ),
    "email": "email mail emailaddress",
    "phone": "phone phonenumber mobile cell telephone fax msisdn whatsapp",
    "ip": "ip ipaddress remoteaddr",
    "device": "advertisingid idfa idfv gaid deviceid devicetoken imei macaddress serial",
    "secret": (
        "password passwd pwd passphrase secret token accesstoken refreshtoken idtoken authtoken apikey apitoken "
        "authorization credential credentials privatekey pin otp clientsecret cookie setcookie csrf signature cvv cvc "
        "securitycode writekey"
    ),
    "number": "ssn socialsecuritynumber taxid vat passport iban bic cardnumber accountnumber",
    "place": (
        "address street street1 street2 line1 line2 city zip zipcode postalcode postcode latitude longitude lat lng "
        "lon coordinates geo"
    ),
    "birth": "birthday birthdate dateofbirth dob birth",
}
_BY_NAME: Final = {name: kind for kind, names in _KINDS.items() for name in names.split()}

_PEOPLE: Final = frozenset(
    "traits user customer contact profile person recipient sender owner member from to".split()  # noqa: SIM905
)
"""Objects whose `name` and `id` are those of a person."""

_WHOLE: Final = frozenset({"address", "location", "geo", "coordinates", "billingaddress", "shippingaddress"})
"""Objects of which every text and number is tagged."""

_SECRET_ENDS: Final = ("password", "secret", "token", "apikey", "authorization", "credentials", "privatekey")
_PERSON_ENDS: Final = ("firstname", "lastname", "fullname", "email", "phone", "phonenumber", "address", "birthday")


def plain(key: str) -> str:
    """A key as it is compared: `first_name`, `firstName` and `First Name` are one."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def tag_of(path: Sequence[str]) -> str | None:
    """The kind of a value by the keys that lead to it; None where they say nothing."""
    keys = [plain(key) for key in path if not key.isdigit()]
    if not keys:
        return None
    last, above = keys[-1], keys[-2] if len(keys) > 1 else ""
    if any(key in _WHOLE for key in keys[:-1]):
        return "place"
    if last in {"name", "id"} and above in _PEOPLE:
        return "name" if last == "name" else "user"
    if last in _BY_NAME:
        return _BY_NAME[last]
    if last.endswith(_SECRET_ENDS):
        return "secret"
    ends = next((end for end in _PERSON_ENDS if last.endswith(end)), None)
    return _BY_NAME.get(ends or "")


_MOMENTS: Final = re.compile(
    r"(?:time|timestamp|date|at|on|ts|since|until|expires|expiry|epoch|millis|created|updated)$"
)


def is_moment(path: Sequence[str]) -> bool:
    """Whether the keys say that a number is a moment, which looks like a phone number."""
    return bool(path) and _MOMENTS.search(plain(path[-1])) is not None
