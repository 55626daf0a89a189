"""The key and the identity of a device."""

from __future__ import annotations

import base64
import hashlib
import hmac
import sys
from pathlib import Path

import pytest
from nacl.signing import SigningKey, VerifyKey

from agent import files, identity
from agent.identity import Identity, IdentityError, Key


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Mode 0600 in a folder of mode 0700; the same one ever after."""
    folder = str(tmp_path / "state")
    key = identity.make_key(folder)
    assert identity.make_key(folder).public == key.public
    assert Path(identity.key_path(folder)).stat().st_mode & 0o777 == 0o600
    assert Path(folder).stat().st_mode & 0o777 == 0o700
    assert [file.name for file in Path(folder).iterdir()] == ["device.key"]


@pytest.mark.parametrize("through", ["_sodium", "bindings"])
def test_signatures_are_ed25519(through: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of PyNaCl's own signing key, through either way into the library."""
    if through == "bindings":
        monkeypatch.setitem(sys.modules, "nacl._sodium", None)
    seed = bytes(range(32))
    key = Key(seed)
    for message in (b"", b"a", b"\0" * 70_000):
        assert key.sign(message) == SigningKey(seed).sign(message).signature
        VerifyKey(key.public).verify(message, key.sign(message))


@pytest.mark.parametrize("content", [b"", b"short", b"!" * 44, b"A" * 44])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    """The device would become another one without anyone knowing."""
    path = tmp_path / "device.key"
    path.write_bytes(content)
    with pytest.raises(IdentityError) as caught:
        identity.make_key(str(tmp_path))
    assert str(caught.value) == f"{path}: is damaged: expected 32 bytes in base64; remove it and enrol again"
    assert path.read_bytes() == content


def test_an_identity_comes_back(tmp_path: Path) -> None:
    """With the key, once both are there."""
    with pytest.raises(IdentityError) as caught:
        identity.require(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: this device is not enrolled: run sansang-agent enrol URL TOKEN"
    identity.make_key(str(tmp_path))
    known = Identity(device="d", unit="27259", collector="https://a.vn")
    identity.store_identity(str(tmp_path), known)
    assert identity.require(str(tmp_path))[0] == known


def test_a_damaged_identity_is_one_line(tmp_path: Path) -> None:
    """It says what to do."""
    (tmp_path / "identity.json").write_text("{}")
    with pytest.raises(IdentityError, match="is damaged: Object missing required field `device`; enrol again"):
        identity.load_identity(str(tmp_path))


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """And names the file."""
    path = tmp_path / "there"
    path.mkdir()
    with pytest.raises(files.FileError) as caught:
        files.write_durably(str(path), b"x")
    assert str(caught.value) == f"{path}: cannot be written: is a directory"
    assert path.is_dir()


def test_files_are_read_up_to_their_limit(tmp_path: Path) -> None:
    """None when there is none; a folder is an error of one line."""
    assert files.read(str(tmp_path / "none")) is None
    files.write_durably(str(tmp_path / "some"), b"abcdef")
    assert files.read(str(tmp_path / "some"), 3) == b"abc"
    with pytest.raises(files.FileError) as caught:
        files.read(str(tmp_path))
    assert str(caught.value) == f"{tmp_path}: cannot be read: is a directory"


def test_the_secret_is_the_keys_own_and_does_not_show_it(tmp_path: Path) -> None:
    """None before there is a key; the same after every start; another on every device."""
    folders = [str(tmp_path / name) for name in "ab"]
    assert identity.secret(folders[0]) == b""
    for folder in folders:
        identity.make_key(folder)
    one, other = (identity.secret(folder) for folder in folders)
    assert (len(one), one) == (32, identity.secret(folders[0]))
    assert one != other
    seed = base64.b64decode(Path(identity.key_path(folders[0])).read_bytes())
    assert one == hmac.new(seed, b"sansang.fingerprint.v1", hashlib.sha256).digest()
    Path(identity.key_path(folders[0])).write_bytes(b"short")
    with pytest.raises(IdentityError):
        identity.secret(folders[0])
