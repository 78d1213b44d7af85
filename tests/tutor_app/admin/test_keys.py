"""The college's keys: sealed, private, and shut to any other passphrase."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tutor_app.admin.certificates import new_key
from tutor_app.admin.keys import CHEAP, NORMAL, Keys, WrongPassphraseError


def test_keys_come_back(tmp_path: Path) -> None:
    keys = Keys.create(tmp_path / "keys", "päss", CHEAP)
    root, policy = new_key(), Ed25519PrivateKey.generate()
    keys.save("root", root)
    keys.save("policy", policy)
    again = Keys(tmp_path / "keys", "päss")
    assert again.elliptic("root").private_numbers() == root.private_numbers()
    assert again.signing("policy").private_bytes_raw() == policy.private_bytes_raw()
    assert again.cost == CHEAP


def test_another_passphrase_opens_nothing(tmp_path: Path) -> None:
    Keys.create(tmp_path / "keys", "passphrase", CHEAP).save("root", new_key())
    for wrong in ("", "Passphrase", "passphrase "):
        with pytest.raises(WrongPassphraseError):
            Keys(tmp_path / "keys", wrong).elliptic("root")


def test_files_are_sealed_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    Keys.create(folder, "passphrase", CHEAP).save("root", new_key())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    pem = (folder / "root.key").read_bytes()
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    with pytest.raises(ValueError, match=r"[Pp]assw"):  # the passphrase itself, unstretched, is not the file's
        load_pem_private_key(pem, b"passphrase")


def test_two_colleges_of_one_passphrase_share_nothing(tmp_path: Path) -> None:
    key = new_key()
    for name in ("a", "b"):
        Keys.create(tmp_path / name, "passphrase", CHEAP).save("root", key)
    (tmp_path / "b" / "root.key").write_bytes((tmp_path / "a" / "root.key").read_bytes())
    with pytest.raises(WrongPassphraseError):
        Keys(tmp_path / "b", "passphrase").elliptic("root")


def test_what_people_get_is_costly() -> None:
    # OWASP 2023: scrypt N=2^17, r=8, p=1; PBKDF2-HMAC-SHA256 600,000 rounds.
    assert NORMAL.scrypt_n >= 2**17
    assert NORMAL.identity_rounds >= 600_000
