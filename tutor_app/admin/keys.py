"""The college's private keys on disk: PKCS#8, encrypted, 0600, under one stretched passphrase."""

import secrets
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from msgspec import Meta, Struct

from protocol.identity_file import KDF_ROUNDS
from tutor_app.admin.files import write_whole

Key = EllipticCurvePrivateKey | Ed25519PrivateKey


class WrongPassphraseError(Exception):
    """The passphrase does not open the college's keys."""


class Cost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What guessing a passphrase costs: scrypt's N for the college's keys, PBKDF2's rounds for identity files."""

    scrypt_n: Annotated[int, Meta(ge=2, le=2**22)]
    identity_rounds: Annotated[int, Meta(ge=1, le=10_000_000)]


NORMAL: Final = Cost(scrypt_n=2**17, identity_rounds=KDF_ROUNDS)  # OWASP's figures of 2023
CHEAP: Final = Cost(scrypt_n=2, identity_rounds=1)
"""For colleges that live a minute: tests and the demo."""


class _Stretch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    salt: str
    cost: Cost


class Keys:
    """The folder of keys, opened with the passphrase; raises WrongPassphraseError at the first key read otherwise.

    PKCS#8's own key derivation is weak as `cryptography` writes it (2,048 rounds), so the passphrase is stretched by
    scrypt first; the hexadecimal result is the PKCS#8 passphrase.
    """

    def __init__(self, folder: Path, passphrase: str) -> None:
        self._folder = folder
        stretch = msgspec.json.decode((folder / "stretch.json").read_bytes(), type=_Stretch)
        self.cost = stretch.cost
        scrypt = Scrypt(salt=bytes.fromhex(stretch.salt), length=32, n=stretch.cost.scrypt_n, r=8, p=1)
        self._secret = scrypt.derive(passphrase.encode()).hex().encode()

    @classmethod
    def create(cls, folder: Path, passphrase: str, cost: Cost = NORMAL) -> "Keys":
        """Make an empty folder of keys."""
        folder.mkdir(mode=0o700)
        write_whole(folder / "stretch.json", msgspec.json.encode(_Stretch(salt=secrets.token_hex(16), cost=cost)))
        return cls(folder, passphrase)

    def save(self, name: str, key: Key) -> None:
        """Write one key."""
        sealed = BestAvailableEncryption(self._secret)
        write_whole(self._path(name), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))

    def elliptic(self, name: str) -> EllipticCurvePrivateKey:
        """Read an authority's key."""
        key = self._load(name)
        assert isinstance(key, EllipticCurvePrivateKey)
        return key

    def signing(self, name: str) -> Ed25519PrivateKey:
        """Read the policy's signing key."""
        key = self._load(name)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def _load(self, name: str) -> object:
        try:
            return load_pem_private_key(self._path(name).read_bytes(), self._secret)
        except ValueError as error:
            raise WrongPassphraseError("The college's passphrase is wrong.") from error

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.key"
