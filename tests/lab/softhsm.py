"""Signing tokens in software: a private SoftHSM2, with what the issuer of a token does to it.

PINs are presented here, by the tests, with other people's tools; nothing of ours does so.
"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

MODULE = next(
    (path for path in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so") if Path(path).exists()),
    "/usr/lib/softhsm/libsofthsm2.so",
)
SPY = "/usr/lib/x86_64-linux-gnu/pkcs11/pkcs11-spy.so"
LABEL, PIN, WRONG_PIN, SO_PIN = "NGUYEN THI THU NGHIEM", "73194628", "00000000", "15926535"
"""The label names a person, as real ones do: it and the PIN must not be found anywhere."""


class SoftHsm:
    """Tokens below `folder`. Programs find them with :attr:`environment`; SoftHSM shows one more slot than there are
    tokens, with a token that is not initialised."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tokens = folder / "tokens"
        self._tokens.mkdir(parents=True, exist_ok=True)
        self._settings = folder / "softhsm2.conf"
        self._settings.write_text(
            f"directories.tokendir = {self._tokens}\nobjectstore.backend = file\nlog.level = ERROR\n", "utf-8"
        )

    @property
    def environment(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self._settings)}

    def token(self, label: str = LABEL) -> None:
        """One more token, initialised, its PIN set."""
        self._run(
            ["softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN],
        )

    def certificate(self, der: bytes, *, label: str = LABEL, number: int = 1) -> None:
        """Puts a certificate on the token with this label; those of one `number` belong together with its key."""
        file = self.folder / "certificate.der"
        file.write_bytes(der)
        self._tool(label, "--write-object", str(file), "--type", "cert", "--id", f"{number:02x}", "--label", label)

    def key(self, pem: bytes, *, label: str = LABEL, number: int = 1) -> None:
        """Puts a private key (PKCS#8, unencrypted) on the token."""
        file = self.folder / "key.pem"
        file.write_bytes(pem)
        names = ["--token", label, "--label", label, "--id", f"{number:02x}"]
        self._run(["softhsm2-util", "--import", str(file), *names, "--pin", PIN])

    def wrong_pin(self, label: str = LABEL) -> None:
        """Somebody tries a wrong PIN: from then on SoftHSM flags CKF_USER_PIN_COUNT_LOW, until the right one comes."""
        self._tool(label, "--list-objects", pin=WRONG_PIN, wanted=1)

    def right_pin(self, label: str = LABEL) -> None:
        self._tool(label, "--list-objects")

    def logged_in(self, module: str, label: str = LABEL) -> None:
        """Somebody logs in, with the right PIN, through another module than SoftHSM's own."""
        self._tool(label, "--list-objects", module=module)

    def state(self) -> dict[str, bytes]:
        """Every byte that SoftHSM has stored."""
        files = (file for file in self._tokens.rglob("*") if file.is_file())
        return {str(file.relative_to(self._tokens)): file.read_bytes() for file in files}

    def copy(self, folder: Path) -> SoftHsm:
        """The same tokens below another folder."""
        shutil.copytree(self._tokens, folder / "tokens")
        return SoftHsm(folder)

    def _tool(self, label: str, *arguments: str, pin: str = PIN, wanted: int = 0, module: str = MODULE) -> None:
        command = ["pkcs11-tool", "--module", module, "--token-label", label, "--login", "--pin", pin]
        self._run([*command, *arguments], wanted)

    def _run(self, command: Sequence[str], wanted: int = 0) -> None:
        done = subprocess.run(command, check=False, env=os.environ | self.environment, capture_output=True, text=True)
        if done.returncode != wanted:
            raise AssertionError(f"{command[0]}: {done.returncode} {done.stdout}{done.stderr}")


@functools.cache
def _prepared() -> SoftHsm:
    folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = SoftHsm(folder)
    made.token()
    return made


def one_token(folder: Path) -> SoftHsm:
    """A SoftHSM with one initialised, empty token: copied from one that is made once for the whole process."""
    return _prepared().copy(folder)
