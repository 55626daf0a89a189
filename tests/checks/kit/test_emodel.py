"""The E-model gives what the Recommendations print."""

from __future__ import annotations

import pytest

from checks.kit import emodel
from checks.kit.emodel import CODECS, Connection

NEAREST = 0.0501
"""Half of the last digit that is printed, where one decimal is."""


def test_default_values_give_the_rating_that_the_recommendation_prints() -> None:
    """G.107 (06/2015) §7.7 and Annex B: with all parameters at their default R = 93.2, MOS_CQE = 4.41."""
    rated = emodel.narrowband(Connection())
    assert rated == pytest.approx(93.2, abs=NEAREST)
    assert emodel.mos(rated) == pytest.approx(4.41, abs=0.00501)


@pytest.mark.parametrize(("rated", "printed"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58)])
def test_ratings_become_the_opinions_of_table_b1(rated: float, printed: float) -> None:
    """G.107 Table B.1: the lower limits of its classes. It prints 4.03 where its own equation gives 4.024."""
    assert emodel.mos(rated) == pytest.approx(printed, abs=0.0061)


@pytest.mark.parametrize(("rated", "printed"), [(-5, 1.0), (0, 1.0), (3, 1.0), (100, 4.5), (110, 4.5)])
def test_opinions_have_ends(rated: float, printed: float) -> None:
    """G.107 Annex B: 1 below 0 and 4.5 above 100. From 0 to 6.5 its polynomial falls under 1: 1 it is."""
    assert emodel.mos(rated) == printed


@pytest.mark.parametrize(
    ("codec", "loss", "printed"),
    [
        # G.113 (02/2001) Appendix I: Ie under packet loss by listening tests; Ie and Bpl were fitted to them later
        ("g729a", 0, 11), ("g729a", 0.5, 13), ("g729a", 1, 15), ("g729a", 1.5, 17), ("g729a", 2, 19), ("g729a", 3, 23),
        ("g729a", 4, 26), ("g729a", 8, 36), ("g729a", 16, 49), ("g7231", 0, 15), ("g7231", 0.5, 17), ("g7231", 1, 19),
        ("g7231", 1.5, 22), ("g7231", 2, 24), ("g7231", 3, 27), ("g7231", 4, 32), ("g7231", 8, 41), ("g7231", 16, 55),
        # the same, G.711 with concealment and random losses: in steps of five
        ("g711_plc", 0, 0), ("g711_plc", 1, 5), ("g711_plc", 2, 7), ("g711_plc", 3, 10), ("g711_plc", 5, 15),
        ("g711_plc", 7, 20), ("g711_plc", 10, 25), ("g711_plc", 15, 35), ("g711_plc", 20, 45),
    ],
)  # fmt: skip
def test_losses_impair_codecs_as_listening_tests_found(codec: str, loss: float, printed: float) -> None:
    """Within 1.3 of tables in whole numbers, within 3 of those in steps of five."""
    allowed = 3.0 if codec == "g711_plc" else 1.3
    assert emodel.equipment(CODECS[codec], loss) == pytest.approx(printed, abs=allowed)


@pytest.mark.parametrize("delay", [0, 25, 50, 75, 100, 125, 150, 175, 200, 225, 250, 275, 300])
def test_delay_costs_what_cole_and_rosenbluth_read_from_the_model(delay: float) -> None:
    """ACM CCR 31(2), 2001, figure 1: Id = 0.024 d + 0.11 (d − 177.3) H(d − 177.3) for default values and d < 300 ms,
    their straight lines for its curve. With d = 0 R is that of the default."""
    fitted = 0.024 * delay + 0.11 * max(0.0, delay - 177.3)
    lost = emodel.narrowband(Connection()) - emodel.rating(CODECS["g711"], delay=delay, loss=0)
    assert lost == pytest.approx(fitted, abs=1.0)


@pytest.mark.parametrize(
    ("delay", "printed"),
    # equations 7-27 and 7-28 by hand: X = log2(delay / 100)
    [(0, 0.0), (100, 0.0), (200, 3.0), (400, 24.1), (800, 40.8)],
)
def test_absolute_delay_is_not_heard_below_a_tenth_of_a_second(delay: float, printed: float) -> None:
    """At X = 1, 2 and 3 the roots of G.107 are easily drawn."""
    assert emodel.absolute_delay(delay) == pytest.approx(printed, abs=NEAREST)


def test_bursts_weigh_more_than_single_losses_and_only_within_their_range() -> None:
    """G.107 equation 7-29, BurstR of Table 3: from 1 to 8, to 2 from 2 % on."""
    codec = CODECS["g729a"]
    assert emodel.equipment(codec, 1, burst=4) > emodel.equipment(codec, 1)
    assert emodel.equipment(codec, 1, burst=0.5) == emodel.equipment(codec, 1)
    assert emodel.equipment(codec, 1, burst=50) == emodel.equipment(codec, 1, burst=8)
    assert emodel.equipment(codec, 5, burst=8) == emodel.equipment(codec, 5, burst=2)
    assert emodel.burst_ratio(2.0, 0.25) == 1.5
    assert emodel.burst_ratio(9.0, 1.0) == 1.0


@pytest.mark.parametrize(("rated", "told"), [(128, 4.49), (121, 4.42), (88, 3.51), (129, 4.5), (0, 1.0)])
def test_wideband_speech_has_a_scale_of_its_own(rated: float, told: float) -> None:
    """G.107.1 Annex A: R / 1.29 goes into the narrowband equation. The first three as sipnab gives them."""
    assert emodel.score(CODECS["amr_wb_23k05"], rated) == pytest.approx(told, abs=0.00501)


@pytest.mark.parametrize("codec", ["amr_wb_12k65", "amr_wb_23k05", "amr_wb_23k85"])
def test_wideband_codecs_begin_at_129(codec: str) -> None:
    """G.107.1: R = 129 − Ie,eff,WB, and with a loss of Bpl,WB half of what is left to lose is lost."""
    chosen = CODECS[codec]
    assert emodel.rating(chosen, delay=0, loss=0) == 129 - chosen.Ie
    assert emodel.rating(chosen, delay=0, loss=chosen.Bpl) == pytest.approx(129 - (95 + chosen.Ie) / 2)


def test_a_wide_burst_changes_nothing() -> None:
    """G.107.1 knows no BurstR."""
    codec = CODECS["amr_wb_23k05"]
    assert emodel.rating(codec, delay=50, loss=1, burst=5) == emodel.rating(codec, delay=50, loss=1)


def test_sidetone_and_echo_are_in_the_model() -> None:
    """G.107 §7.4: a louder echo is worse, and the cases of STMR below 9 and above 20 dB are told apart."""
    late = {"T": 100.0, "Ta": 100.0, "Tr": 200.0}
    ratings = [emodel.narrowband(Connection(TELR=telr, **late)) for telr in (65.0, 45.0, 25.0)]
    assert ratings == sorted(ratings, reverse=True)
    sidetones = [emodel.narrowband(Connection(STMR=stmr, **late)) for stmr in (5.0, 8.9, 15.0, 20.1, 35.0)]
    assert all(rated < sidetones[2] for index, rated in enumerate(sidetones) if index != 2)
