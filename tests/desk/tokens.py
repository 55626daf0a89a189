"""Every way in which a signing token can fail somebody, as a PC where it really does: pcscd with virtual readers,
SoftHSM2, modules that go wrong, certificates of authorities that bear the government's names."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from checks.kit.model import Reason
from tests.desk.place import Pc
from tests.lab import authorities, pcsc
from tests.lab.authorities import DAY, NOW, Authority
from tests.lab.authorities import Signer as Leaf
from tests.lab.desk import ROOTS
from tests.lab.modules import hostile, wrapper, wrapping
from tests.lab.softhsm import LABEL, MODULE, PIN, SO_PIN, SoftHsm, one_token

FORMER = "UBND Phường Mười Ba Cũ"
PERSON, MAIL, CITIZEN = "Trương Canary Thị Bí Mật", "bi.mat.canary@example.vn", "CCCD:001399999999"
SECRETS = (PERSON, MAIL, CITIZEN, CITIZEN[5:], FORMER, LABEL, PIN, SO_PIN)
"""What stands on the tokens here and belongs to somebody."""
NOBODY = "/nonexistent/pcscd.comm"


class Setting(Struct, kw_only=True):
    """A PC before it measures: what its environment and the parameters of ``signing_token`` are. ``meanwhile`` is
    called once as many checks as it is told are under way."""

    environment: dict[str, str]
    params: dict[str, Any] = field(default_factory=dict)
    meanwhile: Callable[[int], None] | None = None


class Drawer:
    """Readers, tokens and authorities to make PCs from; everything it makes is gone when `stack` is closed."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.root, self.issuing = authorities.chain("g2")
        self.known = self.readers()
        self.known.plug()

    def readers(self, *, there: bool = True) -> pcsc.Daemon:
        """A pcscd of its own, with two empty readers or none."""
        return self._stack.enter_context(pcsc.running(readers=there))

    def folder(self, name: str) -> Path:
        made = self._folder / name
        made.mkdir(parents=True)
        return made

    def token(self, *leaves: Leaf) -> SoftHsm:
        """A token with these certificates."""
        hsm = one_token(self.folder(f"token-{len(list(self._folder.glob('token-*')))}"))
        for number, leaf in enumerate(leaves, 1):
            hsm.certificate(leaf.der, number=number)
        return hsm

    def leaf(self, by: Authority | None = None, *, body: str = "UBND phường Thử Nghiệm", **more: Any) -> Leaf:
        """A signer's certificate, of a person whom it names in every field there is."""
        who = authorities.name(PERSON, organisation=body, uid=CITIZEN, email=MAIL)
        return (by or self.issuing).signer(who, email=MAIL, **more)

    def pem(self, *known: Authority) -> list[str]:
        return ["".join(one.pem.decode() for one in known or (self.root, self.issuing))]

    def at(self, hsm: SoftHsm | None = None, *, socket: str = "", more: Mapping[str, str] | None = None, **params: Any
           ) -> Setting:  # fmt: skip
        """A desk with the known token in its reader, SoftHSM for its module, and the authorities known."""
        environment = {"PCSCLITE_CSOCK_NAME": socket or self.known.socket, **(hsm.environment if hsm else {})}
        given = {"modules": [MODULE] if hsm else [], "roots": ROOTS, "authorities": self.pem(), "expected": True}
        return Setting(environment=environment | dict(more or {}), params=given | params)

    def good(self) -> Setting:
        """Where one can sign."""
        return self.at(self.token(self.leaf()))


def _empty(drawer: Drawer) -> Setting:
    return drawer.at(socket=drawer.readers().socket)


def _mute(drawer: Drawer) -> Setting:
    readers = drawer.readers()
    readers.plug(mute=True)
    return drawer.at(socket=readers.socket)


def _strange(drawer: Drawer) -> Setting:
    readers = drawer.readers()
    readers.plug(pcsc.STRANGE)
    return drawer.at(socket=readers.socket)


def _pulled(drawer: Drawer) -> Setting:
    """The token leaves the reader while a module of its maker's is being asked."""
    readers = drawer.readers()
    card = readers.plug()
    module = shutil.copy(hostile("hang_in_slots"), drawer.folder("pulled") / "hang_in_slots.so")

    def pull(checks: int) -> None:
        end = time.monotonic() + 30
        while sum(str(module) in text for text in _maps()) < checks:
            assert time.monotonic() < end, "the module is not loaded"
            time.sleep(0.05)
        card.pull()

    setting = drawer.at(socket=readers.socket, modules=[str(module)], module_seconds=8)
    setting.meanwhile = pull
    return setting


def _maps() -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):
            yield process.read_text("utf-8", "replace")


def _no_module(drawer: Drawer) -> Setting:
    folder = drawer.folder("refused")
    (folder / "BkavCA_v2.dll").write_text("no library")
    return drawer.at(modules=[str(folder / "bkavca*.dll")])


def _failing(behaviour: str, **params: Any) -> Callable[[Drawer], Setting]:
    return lambda drawer: drawer.at(modules=[hostile(behaviour)], **params)


def _flagged(flags: int) -> Callable[[Drawer], Setting]:
    """SoftHSM does not set these flags itself: a module in between adds them to what it says."""
    return lambda drawer: drawer.at(drawer.token(drawer.leaf()), more=wrapping(token_flags=flags), modules=[wrapper()])


def _mistyped(drawer: Drawer) -> Setting:
    hsm = drawer.token(drawer.leaf())
    hsm.wrong_pin()
    return drawer.at(hsm)


def _unreadable(drawer: Drawer) -> Setting:
    more = wrapping(answer="C_GetTokenInfo=0xE1")  # CKR_TOKEN_NOT_RECOGNIZED
    return drawer.at(drawer.token(drawer.leaf()), more=more, modules=[wrapper()])


def _holding(**more: Any) -> Callable[[Drawer], Setting]:
    return lambda drawer: drawer.at(drawer.token(drawer.leaf(**more)))


def _old_issuer(drawer: Drawer) -> Setting:
    old = drawer.root.issuing(authorities.G2_ISSUING, begin=NOW - 900 * DAY, end=NOW - DAY)
    return drawer.at(drawer.token(drawer.leaf(old)), authorities=drawer.pem(drawer.root, old))


FAULTS: dict[Reason, Callable[[Drawer], Setting]] = {
    Reason.PCSC_STOPPED: lambda drawer: drawer.at(socket=NOBODY),
    Reason.READER_ABSENT: lambda drawer: drawer.at(socket=drawer.readers(there=False).socket),
    Reason.TOKEN_ABSENT: _empty,
    Reason.TOKEN_MUTE: _mute,
    Reason.TOKEN_UNKNOWN: _strange,
    Reason.TOKEN_REMOVED: _pulled,
    Reason.TOKEN_UNINITIALISED: lambda drawer: drawer.at(SoftHsm(drawer.folder("blank"))),
    Reason.MODULE_MISSING: lambda drawer: drawer.at(modules=["/nonexistent/module.so"]),
    Reason.MODULE_REFUSED: _no_module,
    Reason.MODULE_CRASHED: _failing("crash_in_slots"),
    Reason.MODULE_HUNG: _failing("hang_in_slots", module_seconds=1),
    Reason.MODULE_GARBAGE: _failing("huge_count"),
    Reason.TOKEN_UNREADABLE: _unreadable,
    Reason.PIN_LOCKED: _flagged(0x40000),
    Reason.PIN_FINAL_TRY: _flagged(0x20000),
    Reason.PIN_COUNT_LOW: _mistyped,
    Reason.CERT_ABSENT: lambda drawer: drawer.at(drawer.token()),
    Reason.CERT_MALFORMED: _failing("none"),
    Reason.CERT_EXPIRED: _holding(begin=NOW - 90 * DAY, end=NOW - DAY),
    Reason.CERT_NOT_YET_VALID: _holding(begin=NOW + 2 * DAY),
    Reason.CERT_USAGE: _holding(usage=("key_encipherment",)),
    Reason.CERT_FORMER_UNIT: lambda drawer: drawer.at(
        drawer.token(drawer.leaf(body=FORMER)), former_units=[FORMER], unit_names=["Phường Xóm Chiếu"]
    ),
    Reason.CERT_SIGNATURE: lambda drawer: drawer.at(
        drawer.token(drawer.leaf()), authorities=drawer.pem(*authorities.chain("g2"))
    ),
    Reason.ISSUER_MISSING: lambda drawer: drawer.at(drawer.token(drawer.leaf()), authorities=[]),
    Reason.ISSUER_UNTRUSTED: lambda drawer: drawer.at(drawer.token(drawer.leaf()), roots=[{"name": "Another Root"}]),
    Reason.ISSUER_EXPIRED: _old_issuer,
}
"""How each reason is brought about, in the order of the links. What only Windows has (a Remote Desktop session in the
reader's place) is not among them."""


def pc(folder: Path, setting: Setting) -> Pc:
    return Pc(folder, {"signing_token": setting.params}, setting.environment)
