"""Words for people."""

from __future__ import annotations

import unicodedata

import pytest

from checks.kit import words
from checks.kit.model import Outcome, Reason

_LONGEST = 100


@pytest.mark.parametrize("lang", words.LANGUAGES)
@pytest.mark.parametrize("code", Reason)
def test_every_reason_has_a_title_and_a_next_step(code: Reason, lang: str) -> None:
    """One line each, composed letters, the hint a sentence."""
    found = words.reason(code, lang)
    assert found.title
    assert found.hint.endswith(".")
    for text in (found.title, found.hint):
        assert len(text) <= _LONGEST
        assert "\n" not in text
        assert unicodedata.is_normalized("NFC", text)
    assert not found.title.endswith(".")


@pytest.mark.parametrize("code", Reason)
def test_the_languages_differ(code: Reason) -> None:
    """Nothing was left untranslated, and English carries no Vietnamese letter."""
    assert words.reason(code, "vi") != words.reason(code, "en")
    english = words.reason(code, "en")
    assert (english.title + english.hint).isascii()


def test_titles_tell_reasons_apart() -> None:
    """Two reasons with one title could not be told apart on a page."""
    for lang in words.LANGUAGES:
        titles = [words.reason(code, lang).title for code in Reason]
        assert len(set(titles)) == len(titles)


def test_a_reason_of_a_newer_release_is_called_by_its_code() -> None:
    """A collector may be older than an agent."""
    assert words.reason("seal_broken", "vi") == words.Words("seal_broken", "")
    assert words.reason("dns_timeout", "en").title == "The name server does not answer"


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_every_outcome_has_word_and_glyph_of_its_own(lang: str) -> None:
    """State is word and glyph, never colour alone; the plain glyph is ASCII."""
    marks = [words.outcome(code, lang) for code in Outcome]
    for part in ("word", "glyph", "ascii"):
        assert len({getattr(mark, part) for mark in marks}) == len(Outcome)
    assert all(mark.ascii.isascii() and len(mark.glyph) == 1 for mark in marks)
