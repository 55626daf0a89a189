"""What a push does with each dashboard, and why it leaves one alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from dashboards import compare
from dashboards.compare import Board
from dashboards.push import Change, Grafana, Held, Unfit

MESSAGE = "sansang-dashboards push "
"""Begins what the history of a dashboard says of ours; its digest follows. Whoever saves one in Grafana says something
else, so that a later push sees that it was edited, and what a newer Grafana rewrote by itself is not pushed again."""
CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"


class Step(Struct, frozen=True):
    """What became of a dashboard, or would. ``what`` tells what an update changes, ``why`` in both languages why one
    was refused."""

    uid: str
    action: str
    what: str = ""
    why: tuple[str, str] = ("", "")


class Plan(Struct, frozen=True, kw_only=True):
    """Into which folder, and how. ``folder_uid`` names a new folder, "" leaves that to Grafana."""

    folder: str
    folder_uid: str
    force: bool = False
    dry_run: bool = False


def push(grafana: Grafana, wanted: Sequence[Board], plan: Plan) -> Iterator[Step]:
    """The steps in their order, each after it was done; a refused dashboard does not keep the next from going. Raises
    Failed where none of the rest would go."""
    there = grafana.folder(plan.folder, plan.folder_uid)
    folder = there or plan.folder_uid
    if there is None:
        if not plan.dry_run:
            folder = grafana.create_folder(plan.folder, plan.folder_uid)
        yield Step(f"«{plan.folder}»", CREATED)
    for board in wanted:
        yield _push(grafana, board, folder, plan)


def _push(grafana: Grafana, board: Board, folder: str, plan: Plan) -> Step:
    uid, mark = board["uid"], MESSAGE + compare.digest(board)
    held = grafana.dashboard(uid)
    if held is None:
        return _save(grafana, board, folder, plan, Step(uid, CREATED), None)
    refused = _not_ours(held)
    if refused:
        return Step(uid, REFUSED, why=refused)
    changes = compare.differences(held.dashboard, board)
    moved = ["folder"] if str(held.meta.get("folderUid") or "") != folder else []
    if not changes and not moved:
        return Step(uid, UNCHANGED)
    last = grafana.last_change(uid)
    if last and last.message == mark and not moved:
        return Step(uid, UNCHANGED)
    what = ", ".join([*changes, *moved])
    if changes and last and not last.message.startswith(MESSAGE) and not plan.force:
        return Step(uid, REFUSED, what, _edited(last))
    return _save(grafana, board, folder, plan, Step(uid, UPDATED, what), held)


def _save(grafana: Grafana, board: Board, folder: str, plan: Plan, step: Step, held: Held | None) -> Step:
    if plan.dry_run:
        return step
    version = held.dashboard.get("version") if held else None
    message = MESSAGE + compare.digest(board)
    try:
        grafana.save(board, folder, message, version if isinstance(version, int) else None, plan.force)
    except Unfit as why:
        return Step(step.uid, REFUSED, step.what, _unfit(grafana, step.uid, why))
    return step


def _not_ours(held: Held) -> tuple[str, str] | None:
    if compare.TAG not in (held.dashboard.get("tags") or []):
        return (
            f"Another dashboard has this uid; it lacks the tag {compare.TAG}, so it is not ours to overwrite.",
            f"Một bảng khác đang dùng uid này; bảng đó không có thẻ {compare.TAG} nên không được ghi đè.",
        )
    if held.meta.get("provisioned"):
        return (
            "It comes from provisioned files on Grafana's server: exchange those instead.",
            "Bảng này được nạp từ tệp trên máy chủ Grafana: hãy thay các tệp đó.",
        )
    return None


def _edited(last: Change) -> tuple[str, str]:
    return (
        f"{last.by} changed it in Grafana at {last.at}. See what they changed; --force overwrites it.",
        f"{last.by} đã sửa bảng này trong Grafana lúc {last.at}. Xem lại thay đổi đó; --force để ghi đè.",
    )


def _unfit(grafana: Grafana, uid: str, why: Unfit) -> tuple[str, str]:
    """Why Grafana answered 412. Newer ones leave the kind out where a version is not the one that was read."""
    last = grafana.last_change(uid) if why.kind in ("version-mismatch", "") else None
    if last:
        return _edited(last)
    said = " ".join(filter(None, ["412", why.kind]))
    return (
        f"Grafana keeps what it has ({said}: {why.said}). --force overwrites it.",
        f"Grafana giữ bản hiện có ({said}: {why.said}). --force để ghi đè.",
    )
