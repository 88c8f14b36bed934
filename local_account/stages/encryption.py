"""Client-side encryption of stage files, which is the default of internal stages (SNOWFLAKE_FULL).

A client encrypts each file with a key of its own making and wraps that key with the stage's master key. Here
the account unwraps it on arrival and keeps the plain file, and encrypts a file again when a client downloads
it. So everything in the account can read the files, and clients see what they see on Snowflake. See
https://docs.snowflake.com/en/user-guide/security-encryption-end-to-end
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK = 16
_KEY_SIZE = 16
# Google Cloud Storage keeps these headers with the file.
DATA_HEADER, MATERIAL_HEADER = "x-goog-meta-encryptiondata", "x-goog-meta-matdesc"
# Master keys need not survive the server: the URLs for which they count do not, either.
_SMK = 1


class EncryptionError(Exception):
    """An uploaded file cannot be decrypted with its stage's key."""


def master_key(secret: bytes, stage: int) -> bytes:
    """The master key of a stage."""
    return _derived(secret, f"stage {stage}")


def material(key: bytes, client: str) -> dict[str, Any]:
    """What the answers of PUT and GET tell a client about a master key.

    Args:
        client: CLIENT_APP_ID of the session. Connector 5 for Python reads the number of the key as a text
            only, the Go driver as a number only, and the other drivers as both.
    """
    text = base64.b64encode(key).decode()
    number = _SMK if client == "Go" else str(_SMK)
    return {"queryStageMasterKey": text, "queryId": str(uuid.uuid4()), "smkId": number}


def encrypted_size(size: int) -> int:
    """Bytes that a file of `size` bytes has after encryption."""
    return (size // BLOCK + 1) * BLOCK


class Decryption:
    """Decrypts one uploaded file, piece by piece.

    Args:
        key: the stage's master key.
        data: the header with the wrapped key of the file.

    Raises:
        EncryptionError: the header is malformed or its key was wrapped with another master key.
    """

    def __init__(self, key: bytes, data: str) -> None:
        try:
            found = json.loads(data)
            wrapped = base64.b64decode(found["WrappedContentKey"]["EncryptedKey"])
            vector = base64.b64decode(found["ContentEncryptionIV"])
            # The form of the key is fixed by the drivers: one block cipher call for each block.
            unwrap = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305
            padded = unwrap.update(wrapped) + unwrap.finalize()
            unpad = PKCS7(BLOCK * 8).unpadder()
            own = unpad.update(padded) + unpad.finalize()
            self._cipher = Cipher(algorithms.AES(own), modes.CBC(vector)).decryptor()
        except (ValueError, KeyError, TypeError) as error:
            raise EncryptionError("its key cannot be read") from error
        self._padding = PKCS7(BLOCK * 8).unpadder()

    def update(self, piece: bytes) -> bytes:
        return self._padding.update(self._cipher.update(piece))

    def finish(self) -> bytes:
        """The last bytes.

        Raises:
            EncryptionError: the file is cut off or was encrypted with another key.
        """
        try:
            return self._padding.update(self._cipher.finalize()) + self._padding.finalize()
        except ValueError as error:
            raise EncryptionError("it is cut off or was encrypted with another key") from error


class Encryption:
    """Encrypts one file for download, always in the same way for the same token.

    Drivers may ask for the headers, and for parts of the file, in requests of their own.

    Args:
        key: the stage's master key.
        token: the download's token.

    Attributes:
        headers: what the client needs to decrypt.
    """

    def __init__(self, key: bytes, token: str) -> None:
        own, vector = _derived(key, f"key {token}"), _derived(key, f"vector {token}")
        pad = PKCS7(BLOCK * 8).padder()
        wrap = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
        wrapped = wrap.update(pad.update(own) + pad.finalize()) + wrap.finalize()
        data = {
            "EncryptionMode": "FullBlob",
            "WrappedContentKey": {
                "KeyId": "symmKey1",
                "EncryptedKey": base64.b64encode(wrapped).decode(),
                "Algorithm": "AES_CBC_256",
            },
            "EncryptionAgent": {"Protocol": "1.0", "EncryptionAlgorithm": "AES_CBC_256"},
            "ContentEncryptionIV": base64.b64encode(vector).decode(),
            "KeyWrappingMetadata": {"EncryptionLibrary": "Java 5.3.0"},
        }
        described = {"queryId": "", "smkId": str(_SMK), "keySize": str(_KEY_SIZE * 8)}
        self.headers = {
            DATA_HEADER: json.dumps(data),
            MATERIAL_HEADER: json.dumps(described, separators=(",", ":")),
        }
        self._cipher = Cipher(algorithms.AES(own), modes.CBC(vector)).encryptor()
        self._padding = PKCS7(BLOCK * 8).padder()

    def update(self, piece: bytes) -> bytes:
        return self._cipher.update(self._padding.update(piece))

    def finish(self) -> bytes:
        """The last bytes: the rest of the file and its padding."""
        return self._cipher.update(self._padding.finalize()) + self._cipher.finalize()


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.new(secret, purpose.encode(), hashlib.sha256).digest()[:_KEY_SIZE]
