"""The E-model: how a call is rated by what the network does to it. ITU-T G.107 (06/2015), G.107.1 (06/2019). Pure.

R = Ro − Is − Id − Ie,eff + A, then the mean opinion score that it stands for. It models speech between two people,
not video. Times are milliseconds, loss is a percentage, as in the Recommendations; names are theirs.
"""

from __future__ import annotations

from math import exp, log2, log10, sqrt

from msgspec import Struct

DELAY_FREE = 100.0
"""mT of G.107 Table 1 for the default class: absolute delay below it is not heard (ms)."""


class Connection(Struct, frozen=True, kw_only=True):
    """The parameters of G.107 Table 3 with their default values: of telephones, circuits and rooms, none of which a
    network changes but T, Ta and Tr: the one-way delay of the echo path, mouth to ear, and round trip (ms)."""

    SLR: float = 8.0
    RLR: float = 2.0
    STMR: float = 15.0
    Ds: float = 3.0
    Dr: float = 3.0
    TELR: float = 65.0
    WEPL: float = 110.0
    T: float = 0.0
    Tr: float = 0.0
    Ta: float = 0.0
    qdu: float = 1.0
    Nc: float = -70.0
    Nfor: float = -64.0
    Ps: float = 35.0
    Pr: float = 35.0
    A: float = 0.0


class Codec(Struct, frozen=True):
    """A codec's equipment impairment ``Ie`` and packet-loss robustness ``Bpl``, and how long it takes to make a packet
    (ms: 20 of speech in each, and its look-ahead). ``wide``: these are Ie,WB and Bpl,WB of G.107.1."""

    name: str
    Ie: float
    Bpl: float
    delay: float
    wide: bool = False


# Narrowband: G.113 Appendix I, Tables I.1 and I.3. Wideband: G.113 (09/2024) Appendix IV, Tables IV.3 and IV.4, for
# listening with both ears; the ITU publishes none for Opus.
CODECS = {
    codec.name: codec
    for codec in (
        Codec("g711", 0.0, 4.3, 20.0),
        Codec("g711_plc", 0.0, 25.1, 20.0),
        Codec("g729a", 11.0, 19.0, 25.0),
        Codec("g7231", 15.0, 16.1, 37.5),
        Codec("gsm_efr", 5.0, 10.0, 20.0),
        Codec("amr_wb_12k65", 20.0, 4.3, 25.0, wide=True),
        Codec("amr_wb_23k05", 8.0, 4.6, 25.0, wide=True),
        Codec("amr_wb_23k85", 10.0, 4.9, 25.0, wide=True),
    )
}


def rating(codec: Codec, *, delay: float, loss: float, burst: float = 1.0) -> float:
    """R of a call over a network of that one-way `delay`, mouth to ear (ms), with default telephones (narrowband: their
    echo is as late; wideband: headsets, or echo that is cancelled). `burst` is BurstR."""
    if codec.wide:
        return RO_WIDE - absolute_delay(delay) - equipment(codec, loss)
    return narrowband(Connection(T=delay, Ta=delay, Tr=2 * delay), codec, loss, burst)


def score(codec: Codec, rated: float) -> float:
    """The MOS (1 to 4.5) of a rating: MOS_CQE, of a wideband codec MOS_CQEW (G.107.1 Annex A). The two are different
    scales."""
    return mos(rated / 1.29 if codec.wide else rated)


def narrowband(line: Connection, codec: Codec = CODECS["g711"], loss: float = 0.0, burst: float = 1.0) -> float:
    """R of G.107 equation 7-1."""
    noise = _noise(line)
    basic = 15 - 1.5 * (line.SLR + noise)
    together, sidetone = _simultaneous(line, basic, noise)
    return basic - together - _delay(line, basic, noise, sidetone) - equipment(codec, loss, burst) + line.A


RO_WIDE = 129.0
"""Ro,WB of G.107.1 for default values, where Is,WB is 0."""


def equipment(codec: Codec, loss: float, burst: float = 1.0) -> float:
    """Ie,eff (G.107 equation 7-29, G.107.1 equation 7-15, which knows no bursts). BurstR is 1 where losses are random;
    Table 3 has it from 1 to 8, and up to 2 from a loss of 2 % on."""
    ratio = 1.0 if codec.wide else min(max(burst, 1.0), 8.0 if loss < 2 else 2.0)
    return codec.Ie + (95 - codec.Ie) * loss / (loss / ratio + codec.Bpl)


def absolute_delay(delay: float) -> float:
    """Idd (G.107 equations 7-27 and 7-28, with sT = 1)."""
    if delay <= DELAY_FREE:
        return 0.0
    x = log2(delay / DELAY_FREE)
    return 25 * float((1 + x**6) ** (1 / 6) - 3 * (1 + (x / 3) ** 6) ** (1 / 6) + 2)


def mos(rated: float) -> float:
    """MOS_CQE of R (G.107 Annex B), 1 at the least: below R = 6.5 the polynomial would fall under it."""
    if rated <= 0:
        return 1.0
    if rated >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * rated + rated * (rated - 60) * (100 - rated) * 7e-6)


def burst_ratio(mean_run: float, loss: float) -> float:
    """BurstR: how long losses in a row are, over how long they are where losses are random. `loss` is a share of 1."""
    return mean_run * (1 - loss) if loss < 1 else 1.0


def _noise(line: Connection) -> float:
    """No (7-3 to 7-7)."""
    olr, lstr = line.SLR + line.RLR, line.STMR + line.Dr
    sending = line.Ps - line.SLR - line.Ds - 100 + 0.004 * (line.Ps - olr - line.Ds - 14) ** 2
    room = line.Pr + 10 * log10(1 + 10 ** ((10 - lstr) / 10))
    receiving = line.RLR - 121 + room + 0.008 * (room - 35) ** 2
    floor = line.Nfor + line.RLR
    return 10 * log10(sum(pow(10, one / 10) for one in (line.Nc, sending, receiving, floor)))


def _simultaneous(line: Connection, basic: float, noise: float) -> tuple[float, float]:
    """Is and Ist (7-8 to 7-17): what is impaired together with the voice, and by the sidetone."""
    louder = line.SLR + line.RLR + 0.2 * (64 + noise - line.RLR)
    loudness = 20 * ((1 + (louder / 8) ** 8) ** (1 / 8) - louder / 8)
    own = -10 * log10(10 ** (-line.STMR / 10) + exp(-line.T / 4) * 10 ** (-line.TELR / 10))
    sidetone = (
        12 * (1 + ((own - 13) / 6) ** 8) ** (1 / 8)
        - 28 * (1 + ((own + 1) / 19.4) ** 35) ** (1 / 35)
        - 13 * (1 + ((own - 3) / 33) ** 13) ** (1 / 13)
        + 29
    )
    q = 37 - 15 * log10(line.qdu)
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    y, z = (basic - 100) / 15 + 46 / 8.4 - g / 9, 46 / 30 - g / 40
    return loudness + sidetone + 15 * log10(1 + 10**y + 10**z), sidetone


def _delay(line: Connection, basic: float, noise: float, sidetone: float) -> float:
    """Id (7-18 to 7-28): echo to who talks, echo to who listens, and delay itself."""
    listener = 10.5 * (line.WEPL + 7) / sqrt(sqrt(line.Tr + 1))
    heard = (basic - listener) / 2 + sqrt((basic - listener) ** 2 / 4 + 169)
    talked = _talker_echo(line, noise, sidetone)
    if line.STMR > 20:
        talked = sqrt(talked**2 + sidetone**2)
    return talked + heard + absolute_delay(line.Ta)


def _talker_echo(line: Connection, noise: float, sidetone: float) -> float:
    if line.T < 1:
        return 0.0
    terv = line.TELR - 40 * log10((1 + line.T / 10) / (1 + line.T / 150)) + 6 * exp(-0.3 * line.T**2)
    if line.STMR < 9:
        terv += sidetone / 2
    difference = -1.5 * (noise - line.RLR) - (80 + 2.5 * (terv - 14))
    echo = difference / 2 + sqrt(difference**2 / 4 + 100) - 1
    return echo * (1 - exp(-line.T))
