"""What ends a command of ours, told in both languages."""

from __future__ import annotations


class Failed(Exception):
    """A command cannot go on. ``str()`` is what to show: English, then Vietnamese. ``code`` is the exit code: 1, or 2
    where the command was not called as it is meant."""

    def __init__(self, en: str, vi: str, code: int = 1) -> None:
        super().__init__(f"{en}\n{vi}")
        self.en, self.vi, self.code = en, vi, code
