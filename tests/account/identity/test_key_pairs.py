"""Key pairs: two slots, rotation without a gap, and the tokens that keys sign."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from snowflake.connector.errors import DatabaseError, ProgrammingError

from local_account.identity.credentials import fingerprint
from tests.account.conftest import RunningAccount

USER = "KP_ROBOT"


@dataclass
class Pair:
    """A key, and its public half as it is registered."""

    key: Any

    @property
    def public(self) -> str:
        form = PublicFormat.SubjectPublicKeyInfo
        return base64.b64encode(self.key.public_key().public_bytes(Encoding.DER, form)).decode()

    @property
    def private(self) -> bytes:
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def new_pair() -> Pair:
    return Pair(rsa.generate_private_key(65537, 2048))


def connects(account: RunningAccount, pair: Pair) -> bool:
    try:
        account.connect(user=USER, private_key=pair.private, authenticator="SNOWFLAKE_JWT").close()
    except DatabaseError as error:
        assert error.errno == 394304, error
        return False
    return True


def test_keys_are_rotated_without_a_gap(account: RunningAccount) -> None:
    old, new = new_pair(), new_pair()
    account.run(f"CREATE USER {USER} TYPE = SERVICE RSA_PUBLIC_KEY = '{old.public}'")
    assert (connects(account, old), connects(account, new)) == (True, False)
    pem = f"-----BEGIN PUBLIC KEY-----\n{new.public}\n-----END PUBLIC KEY-----"
    account.run(f"ALTER USER {USER} SET RSA_PUBLIC_KEY_2 = '{pem}'")
    found = {row["property"]: row["value"] for row in account.run(f"DESCRIBE USER {USER}")}
    assert found["RSA_PUBLIC_KEY_FP"] == fingerprint(old.public)
    assert found["RSA_PUBLIC_KEY_2_FP"] == fingerprint(new.public)
    assert (connects(account, old), connects(account, new)) == (True, True)
    account.run(f"ALTER USER {USER} UNSET RSA_PUBLIC_KEY")
    assert (connects(account, old), connects(account, new)) == (False, True)


def claims(pair: Pair, account: RunningAccount, **changes: Any) -> dict[str, Any]:
    """What a good token says, with changes; None leaves a claim out."""
    subject = f"{account.settings.locator}.{USER}"
    moment = time.time()
    good = {"iss": f"{subject}.{fingerprint(pair.public)}", "sub": subject, "iat": moment, "exp": moment + 60}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(pair: Pair, account: RunningAccount, algorithm: str = "RS256", **changes: Any) -> str:
    return jwt.encode(claims(pair, account, **changes), pair.key, algorithm=algorithm)


def sign_in(account: RunningAccount, token: str, login: str = USER) -> str:
    """The answer's error code, or `ok`."""
    data = {"AUTHENTICATOR": "SNOWFLAKE_JWT", "TOKEN": token, "LOGIN_NAME": login}
    url = f"http://localhost:{account.settings.port}/session/v1/login-request"
    answer = requests.post(url, json={"data": data}, timeout=20).json()
    return "ok" if answer["success"] else answer["code"]


def test_tokens_are_checked(account: RunningAccount) -> None:
    pair, other = new_pair(), new_pair()
    account.run(f"CREATE OR REPLACE USER {USER} TYPE = SERVICE RSA_PUBLIC_KEY = '{pair.public}'")
    moment, subject = time.time(), f"{account.settings.locator}.{USER}"
    assert sign_in(account, signed(pair, account)) == "ok"
    assert sign_in(account, signed(pair, account, exp=moment + 86400)) == "ok"
    # Snowflake's Node.js driver counts milliseconds.
    in_milliseconds = {"iat": int(moment * 1000), "exp": int(moment * 1000) + 120_000}
    assert sign_in(account, signed(pair, account, **in_milliseconds)) == "ok"
    # The numbers of these two are those that drivers see.
    assert sign_in(account, signed(other, account)) == "394304"
    assert sign_in(account, signed(pair, account, iat=moment + 600, exp=moment + 900)) == "394303"
    refused = {
        "another key under this one's name": signed(
            other, account, iss=f"{subject}.{fingerprint(pair.public)}"
        ),
        "over": signed(pair, account, exp=moment - 60),
        "over, in milliseconds": signed(pair, account, iat=moment, exp=int((moment - 60) * 1000)),
        "with a time that is no number": signed(pair, account, exp="soon"),
        "more than an hour old": signed(pair, account, iat=moment - 3700, exp=moment + 86400),
        "without iat": signed(pair, account, iat=None),
        "without exp": signed(pair, account, exp=None),
        "without sub": signed(pair, account, sub=None),
        "of another account": signed(pair, account, sub=f"OTHER-ACCOUNT.{USER}"),
        "of another user": signed(pair, account, sub=f"{account.settings.locator}.ADMIN"),
        "not signed": jwt.encode(claims(pair, account), "", algorithm="none"),
        "signed with the public key": jwt.encode(claims(pair, account), pair.public, algorithm="HS256"),
        "nonsense": "a.b.c",
    }
    assert {what: sign_in(account, token) for what, token in refused.items()} == dict.fromkeys(
        refused, "390144"
    )
    assert sign_in(account, signed(pair, account), login="ADMIN") == "390144"


def test_other_keys(account: RunningAccount) -> None:
    curve = Pair(ec.generate_private_key(ec.SECP256R1()))
    account.run(f"CREATE OR REPLACE USER {USER} TYPE = SERVICE RSA_PUBLIC_KEY = '{curve.public}'")
    assert sign_in(account, signed(curve, account, algorithm="ES256")) == "ok"
    for key, message in (
        (
            rsa.generate_private_key(65537, 1024),  # noqa: S505 it is refused
            "Key length 1024 is smaller than minimal requirement of 2048.",
        ),
        (ed25519.Ed25519PrivateKey.generate(), "unsupported key algorithm"),
    ):
        with pytest.raises(ProgrammingError, match=message):
            account.run(f"ALTER USER {USER} SET RSA_PUBLIC_KEY_2 = '{Pair(key).public}'")
