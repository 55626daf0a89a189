"""Waivers and approvals: granted with a reason, shown while they hold, loud when they run out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from collector.readiness.model import Waiver
from collector.readiness.text import ZONE
from collector.store import waivers
from collector.store.devices import Refused
from collector.store.engine import Store
from collector.store.schema import audit
from collector.waivers import Waivers
from collector.waiving import DAY, Request, Waiving, wanted
from tests.collector.readiness.cities import HOUR, NOW, line, profile

XOM_CHIEU, KHANH_HOI = "27259", "27262"
PROFILE = profile(line("pc_age"), line("memory"))
ASKED: dict[str, Any] = {
    "unit": XOM_CHIEU,
    "requirement": "pc_age",
    "reason": "Máy mới về ngày 15/12, đã ký hợp đồng",
    "author": "Nguyễn Văn An",
    "until": "2026-12-31",
}
UNTIL = 1_798_736_400_000_000  # 2027-01-01T00:00+07:00: the whole of the last day


class Desk:
    """The office's calls over a store, with a clock that the test moves."""

    def __init__(self, store: Store) -> None:
        self.store, self.at, self.judged = store, NOW, 0
        self.calls = Waiving(store, {XOM_CHIEU, KHANH_HOI}, lambda: PROFILE, ZONE, lambda: self.at, self._judge).calls

    async def _judge(self) -> None:
        self.judged += 1

    async def grant(self, **changes: Any) -> Waiver:
        granted = await self.calls["waivers.grant"](**(ASKED | changes))
        assert isinstance(granted, Waiver)
        return granted

    async def refused(self, call: str = "waivers.grant", **arguments: Any) -> tuple[str, str]:
        """Code and line of the refusal."""
        before = self.rows()
        with pytest.raises(Refused) as why:
            await self.calls[call](**arguments)
        assert self.rows() == before
        return why.value.code, str(why.value)

    def rows(self) -> list[Waiver]:
        with self.store.reader() as connection:
            return waivers.since(connection, 0)

    def trail(self) -> list[tuple[str, str, str]]:
        with self.store.reader() as connection:
            rows = connection.execute(sa.select(audit).order_by(audit.c.id))
            return [(row.action, row.subject, row.detail) for row in rows]


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    store = Store(database_url)
    store.open()
    yield Desk(store)
    store.close()


async def test_a_waiver_is_kept_with_who_why_and_until_when(desk: Desk) -> None:
    """A day is meant whole, by the locality's clock; the units are judged anew."""
    granted = await desk.grant()
    assert granted == Waiver(
        id=granted.id, unit=XOM_CHIEU, requirement="pc_age", kind="waiver", reason=ASKED["reason"],
        author="Nguyễn Văn An", created_at=NOW, expires_at=UNTIL,
    )  # fmt: skip
    assert len(granted.id) == 8
    assert await desk.calls["waivers.list"](unit=XOM_CHIEU) == [granted]
    assert await desk.calls["waivers.list"](unit=KHANH_HOI) == []
    assert desk.judged == 1
    assert desk.trail() == [
        ("waiver_granted", granted.id, f"27259 pc_age, by Nguyễn Văn An: {ASKED['reason']}"),
    ]


async def test_a_time_may_be_told_and_is_the_localitys(desk: Desk) -> None:
    granted = await desk.grant(until="2026-12-31T17:00", reason="  ten\n characters ")
    assert granted.expires_at == UNTIL - 7 * HOUR
    assert granted.reason == "ten characters"
    assert (await desk.grant(until="2026-12-31T17:00+00:00", kind="approval")).expires_at == UNTIL


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"unit": "99999"}, "unknown_unit", "no unit has the code '99999' in this locality"),
        ({"requirement": "pc_aeg"}, "unknown_requirement",
         "no requirement of test@3 is called 'pc_aeg'; did you mean pc_age?"),
        ({"kind": "excuse"}, "bad_kind", "expected waiver or approval, got 'excuse'"),
        ({"reason": "  later \n"}, "bad_reason", "expected a reason of 10 to 500 characters, got 5"),
        ({"reason": "x" * 501}, "bad_reason", "expected a reason of 10 to 500 characters, got 501"),
        ({"reason": "ten char\0acters"}, "bad_reason",
         "expected a reason of letters and signs: it holds a control character"),
        ({"author": " "}, "bad_author", "expected an author of 2 to 80 characters, got 0"),
        ({"author": "x" * 81}, "bad_author", "expected an author of 2 to 80 characters, got 81"),
        ({"until": "next week"}, "bad_expiry",
         'expected a day such as "2026-12-31" or a time such as "2026-12-31T17:00", got \'next week\''),
        ({"until": "9999-12-31"}, "bad_expiry",
         'expected a day such as "2026-12-31" or a time such as "2026-12-31T17:00", got \'9999-12-31\''),
        ({"until": "2026-11-20"}, "bad_expiry", "expected an expiry to come, 2026-11-20 is past"),
        ({"until": "2026-11-21T09:30"}, "bad_expiry", "expected an expiry to come, 2026-11-21T09:30 is past"),
        ({"until": "2027-02-21"}, "bad_expiry",
         ("expected an expiry within 92 days, at most 2027-02-20, got 2027-02-21: "
          "what is excused for longer belongs in the profile")),
    ],
)  # fmt: skip
def test_what_says_too_little_for_itself_is_refused(changes: dict[str, str], code: str, message: str) -> None:
    """With one line for people."""
    request = Request(**(ASKED | changes))
    with pytest.raises(Refused) as why:
        wanted(request, {XOM_CHIEU, KHANH_HOI}, PROFILE, ZONE, NOW)
    assert (why.value.code, str(why.value)) == (code, message)


async def test_a_refused_request_stores_nothing(desk: Desk) -> None:
    code, _ = await desk.refused(**(ASKED | {"reason": "later"}))
    assert (code, desk.judged, desk.trail()) == ("bad_reason", 0, [])


async def test_the_last_day_that_is_named_is_taken(desk: Desk) -> None:
    """A quarter at most, to the day, and a minute is enough."""
    assert (await desk.grant(until="2027-02-20")).expires_at - NOW <= 92 * DAY
    assert (await desk.grant(until="2026-11-21T09:31", unit=KHANH_HOI)).expires_at == NOW + 60_000_000


async def test_a_second_one_on_the_same_requirement_names_the_first(desk: Desk) -> None:
    """Of the other kind, of another unit or requirement, or after its end it is none."""
    first = await desk.grant()
    assert await desk.refused(**(ASKED | {"until": "2027-01-31"})) == (
        "waived",
        f"the waiver {first.id} holds already on pc_age of 27259: revoke it first, or let it expire",
    )
    await desk.grant(kind="approval")
    await desk.grant(unit=KHANH_HOI)
    await desk.grant(requirement="memory")
    desk.at = UNTIL
    again = await desk.grant(until="2027-02-20")
    assert again.id != first.id


async def test_a_revoked_one_ends_at_once_and_stays_in_the_books(desk: Desk) -> None:
    granted = await desk.grant()
    desk.at += HOUR
    revoked = await desk.calls["waivers.revoke"](waiver=granted.id, author="Trần Thị Bình")
    assert revoked.revoked_at == NOW + HOUR
    assert (revoked.holds(NOW), revoked.holds(NOW + HOUR)) == (True, False)
    assert await desk.calls["waivers.list"]() == []
    assert await desk.calls["waivers.list"](everything=True) == [revoked]
    assert desk.judged == 2
    assert desk.trail()[-1] == ("waiver_revoked", granted.id, "27259 pc_age, by Trần Thị Bình")
    assert (await desk.grant()).id != granted.id


async def test_what_is_not_in_force_cannot_be_revoked(desk: Desk) -> None:
    """Unknown, revoked before, expired; and who does it says so."""
    granted = await desk.grant()
    unknown = ("unknown_waiver", "no waiver or approval with the id 'beef' is in force")
    assert await desk.refused("waivers.revoke", waiver="beef", author="Trần Thị Bình") == unknown
    short = ("bad_author", "expected an author of 2 to 80 characters, got 0")
    assert await desk.refused("waivers.revoke", waiver=granted.id, author="") == short
    desk.at = granted.expires_at
    code, _ = await desk.refused("waivers.revoke", waiver=granted.id, author="Trần Thị Bình")
    assert code == "unknown_waiver"


async def test_a_list_of_an_unknown_unit_is_refused(desk: Desk) -> None:
    message = "no unit has the code '99999' in this locality"
    assert await desk.refused("waivers.list", unit="99999") == ("unknown_unit", message)


async def test_memory_follows_what_is_granted_revoked_and_runs_out(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the units that are touched, each time once; running out is an event of the log."""
    caplog.set_level(logging.WARNING, "sansang.waivers")
    held = Waivers(desk.store)
    assert await held.refresh(NOW) == set()
    one, other = await desk.grant(), await desk.grant(unit=KHANH_HOI, kind="approval", until="2026-11-28")
    assert await held.refresh(NOW) == {XOM_CHIEU, KHANH_HOI}
    assert await held.refresh(NOW + 1) == set()
    assert (held.of_unit(XOM_CHIEU), held.of_unit(KHANH_HOI), held.of_unit("26734")) == ([one], [other], [])
    assert caplog.records == []
    assert await held.refresh(other.expires_at - 1) == set()
    assert await held.refresh(other.expires_at) == {KHANH_HOI}
    assert [(record.getMessage(), vars(record)["waiver"], vars(record)["unit"]) for record in caplog.records] == [
        ("approval expired", other.id, KHANH_HOI)
    ]
    assert await held.refresh(other.expires_at + 1) == set()
    desk.at = other.expires_at + 1
    await desk.calls["waivers.revoke"](waiver=one.id, author="Trần Thị Bình")
    assert await held.refresh(desk.at) == {XOM_CHIEU}
    assert len(caplog.records) == 1


async def test_what_ran_out_while_nobody_looked_is_no_event(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A collector that starts tells its units' history; the log is for what happens."""
    granted = await desk.grant(until="2026-11-28")
    held = Waivers(desk.store)
    assert await held.refresh(granted.expires_at + DAY) == {XOM_CHIEU}
    assert await held.refresh(granted.expires_at + DAY + 1) == set()
    assert caplog.records == []


async def test_pages_can_say_what_runs_out_and_what_has(desk: Desk) -> None:
    """The first to do so first; a revoked one did neither."""
    late = await desk.grant(until="2026-11-30")
    soon = await desk.grant(unit=KHANH_HOI, until="2026-11-25")
    gone = await desk.grant(kind="approval", until="2026-11-24")
    await desk.calls["waivers.revoke"](waiver=gone.id, author="Trần Thị Bình")
    held = Waivers(desk.store)
    await held.refresh(NOW)
    assert held.expiring(NOW, 7 * DAY) == [soon]
    assert held.expiring(NOW, 30 * DAY) == [soon, late]
    after = late.expires_at + HOUR
    assert held.expired(after, 7 * DAY) == [late, soon]
    assert held.expired(after, 2 * HOUR) == [late]
    assert held.expiring(after, 30 * DAY) == []
