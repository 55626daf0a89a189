"""The metrics and facts of a call's quality, and their words."""

from __future__ import annotations

from typing import Literal

from checks.kit import emodel
from checks.kit.model import Bilingual, Fact, Metric

Name = Literal["1500k", "3000k"]
CALLS: tuple[Name, ...] = ("1500k", "3000k")
"""Calls by their rate: 720p and 1080p of a group conference (domain.md §2: Zoom 1.5/1.5 and 3.0/2.5 Mbit/s)."""
_CALL: dict[str, Bilingual] = {
    "1500k": {"vi": "Cuộc gọi 1,5 Mbit/s", "en": "Call of 1.5 Mbit/s"},
    "3000k": {"vi": "Cuộc gọi 3 Mbit/s", "en": "Call of 3 Mbit/s"},
}
_WAYS: dict[str, Bilingual] = {
    "up": {"vi": "chiều đi", "en": "upwards"},
    "down": {"vi": "chiều về", "en": "downwards"},
    "round_trip": {"vi": "khứ hồi", "en": "round trip"},
}
_BOTH, _WORDS = ("call", "way"), {**_CALL, **_WAYS}

DELAY = Metric(
    name="realtime_delay", title={"vi": "Độ trễ khi gọi", "en": "Delay in a call"}, unit="seconds",
    labels=_BOTH, words=_WORDS, distribution=True,
    help="Median time of a packet, without that in the reflector. up and down only when both clocks are kept by an "
         "outside source and together are wrong by 5 ms at most, by their own word.",
)  # fmt: skip
JITTER = Metric(
    name="realtime_jitter", title={"vi": "Độ biến thiên trễ (jitter)", "en": "Jitter"}, unit="seconds",
    labels=_BOTH, words=_WORDS, distribution=True,
    help="Interarrival jitter by RFC 3550 (6.4.1, A.8) between frames, averaged over the call.",
)  # fmt: skip
VARIATION = Metric(
    name="realtime_variation", title={"vi": "Trễ p95 trừ trung vị", "en": "Delay: p95 less median"}, unit="seconds",
    labels=_BOTH, words=_WORDS,
    help="95th percentile less the median of a packet's time (delay variation as RFC 5481 has it, PDV).",
)  # fmt: skip
LOSS = Metric(
    name="realtime_loss", title={"vi": "Tỷ lệ mất gói khi gọi", "en": "Loss in a call"}, unit="ratio",
    labels=_BOTH, words=_WORDS, distribution=True,
    help="Part of the packets that were lost, 0 to 1; downwards of those that got there. The reflector's own numbers "
         "tell the ways apart; without them only the round trip is known.",
)  # fmt: skip
REORDERED = Metric(
    name="realtime_reordered", title={"vi": "Tỷ lệ gói đảo thứ tự", "en": "Reordered packets"}, unit="ratio",
    labels=_BOTH, words=_WORDS, help="Part of the packets that came after a later one (RFC 4737), 0 to 1.",
)  # fmt: skip
DUPLICATED = Metric(
    name="realtime_duplicated", title={"vi": "Tỷ lệ gói lặp", "en": "Duplicated packets"}, unit="ratio",
    labels=_BOTH, words=_WORDS, help="Copies that came beyond the first, per packet that came (RFC 5560).",
)  # fmt: skip
BURST = Metric(
    name="realtime_burst", title={"vi": "Chuỗi mất gói dài nhất", "en": "Longest burst of losses"}, unit="packets",
    labels=_BOTH, words=_WORDS, help="Most packets lost in a row.",
)  # fmt: skip
MOS = Metric(
    name="realtime_mos", title={"vi": "Chất lượng cuộc gọi (MOS ước tính)", "en": "Call quality (estimated MOS)"},
    unit="", labels=("call",), words=_CALL, distribution=True,
    help="MOS, 1 to 4.5, by the E-model (ITU-T G.107, 06/2015, Annex B) of speech over this line in the worse "
         "direction; what went in are facts. It does not model video.",
)  # fmt: skip
METRICS = (DELAY, JITTER, VARIATION, LOSS, REORDERED, DUPLICATED, BURST, MOS)


def _for_each(name: str, vi: str, en: str, help_: str, unit: str = "") -> tuple[Fact, ...]:
    return tuple(
        Fact(name=f"{name}_{call}", title={"vi": f"{vi}, {rate}", "en": f"{en}, {rate.replace(',', '.')}"},
             help=help_, unit=unit)
        for call, rate in zip(CALLS, ("1,5 Mbit/s", "3 Mbit/s"), strict=True)
    )  # fmt: skip


FACTS = (
    Fact(name="server", title={"vi": "Máy chủ đo", "en": "Server"}, help="Name of the server, as the lease has it."),
    Fact(name="protocol", title={"vi": "Giao thức đo", "en": "Protocol"}, help="stamp: RFC 8762 with RFC 8972."),
    Fact(name="mode", title={"vi": "Chế độ xác thực", "en": "Mode"},
         help="authenticated (HMAC with the lease's key) or unauthenticated.",
         words={"authenticated": {"vi": "có xác thực", "en": "authenticated"},
                "unauthenticated": {"vi": "không xác thực", "en": "unauthenticated"}}),
    Fact(name="lease", title={"vi": "Lượt đo", "en": "Lease"}, help="The lease under which was measured."),
    Fact(name="profile", title={"vi": "Cách gửi gói tin", "en": "Profile"},
         help="Of each call: frames a second x packets of a frame x octets of UDP payload, seconds."),
    Fact(name="reflector", title={"vi": "Kiểu máy phản hồi", "en": "Reflector"},
         help="stateful: it numbers its answers, so that losses there and back are told apart; or stateless.",
         words={"stateful": {"vi": "có đếm riêng từng chiều", "en": "stateful"},
                "stateless": {"vi": "không đếm riêng từng chiều", "en": "stateless"}}),
    Fact(name="stamped_by", title={"vi": "Nguồn mốc thời gian", "en": "Time stamps by"}, help="kernel or process.",
         words={"kernel": {"vi": "nhân hệ điều hành", "en": "the kernel"},
                "process": {"vi": "tiến trình đo", "en": "the process"}}),
    Fact(name="clocks", title={"vi": "Đồng hồ hai đầu", "en": "Clocks at both ends"},
         help="synchronised (one-way times are told) or not known to be.",
         words={"synchronised": {"vi": "đã đồng bộ", "en": "synchronised"},
                "unknown": {"vi": "không rõ", "en": "not known to be synchronised"}}),
    Fact(name="clock_stepped", title={"vi": "Đồng hồ bị chỉnh khi đo", "en": "Clock was set"},
         help="no, here or there: one-way times of such a call are not told, round trips are.",
         words={"no": {"vi": "không", "en": "no"}, "here": {"vi": "máy này", "en": "here"},
                "there": {"vi": "máy chủ", "en": "at the server"}}),
    Fact(name="pace", title={"vi": "Nhịp gửi gói tin", "en": "Pace of sending"},
         help="kept, or late: this PC was too busy to send in time, so loss, bursts and MOS of that call are not told.",
         words={"kept": {"vi": "đúng nhịp", "en": "kept"},
                "late": {"vi": "máy bận, gửi trễ", "en": "late: the PC was too busy"}}),
    Fact(name="latest", title={"vi": "Gửi trễ nhất", "en": "Latest sending"}, unit="seconds",
         help="By how much a packet left after it was due, at most."),
    Fact(name="foreign_packets", title={"vi": "Gói tin lạ", "en": "Foreign packets"},
         help="Datagrams that came from the server's address and were not of this test; they were thrown away."),
    Fact(name="unattributed", title={"vi": "Gói mất không rõ chiều", "en": "Losses of unknown direction"},
         help="Lost packets of which nothing tells on which way; the round trip has them."),
    Fact(name="left_out", title={"vi": "Cuộc gọi không đo", "en": "Calls left out"},
         help="Calls that were not held: the lease is too small, or the call before lost more than a fifth; or none.",
         words={"none": {"vi": "không có", "en": "none"}, **_CALL}),
    Fact(name="bytes_used", title={"vi": "Dữ liệu đã dùng", "en": "Data used"}, unit="bytes",
         help="UDP payload of both directions together."),
    Fact(name="mos_model", title={"vi": "Mô hình MOS", "en": "Model of the MOS"},
         help="The E-model's edition and the codec's Ie and Bpl with their source. Speech is modelled, video is not."),
    *_for_each("mos_inputs", "Đầu vào MOS", "What went into the MOS",
               "way: the worse direction; Ta: mouth to ear (ms); Ppl: loss behind the play-out buffer (%); BurstR; "
               "buffer (ms); R: the rating."),
    *_for_each("mos_wideband", "MOS băng rộng", "Wideband MOS",
               "MOS_CQEW by ITU-T G.107.1 (06/2019) of AMR-WB at 23.05 kbit/s (Ie,WB 8, Bpl,WB 4.6: G.113 Appendix "
               "IV); another scale than realtime_mos."),
    *_for_each("burst_mean", "Chuỗi mất gói trung bình", "Mean burst of losses",
               "Mean length of losses in a row, in the direction in which it is greater.", "packets"),
    *_for_each("burst_density", "Mật độ mất gói trong chuỗi", "Burst loss density",
               "Part of the packets lost within bursts (RFC 3611 4.7.2, Gmin 16), in that direction.", "ratio"),
    Fact(name="evidence", title={"vi": "Bằng chứng", "en": "Evidence"},
         help="The exact text that the device signed: canonical JSON; microseconds, packets, hundredths of MOS."),
    Fact(name="signature", title={"vi": "Chữ ký của thiết bị", "en": "The device's signature"},
         help="Base64 of its Ed25519 signature over the context of evidence and that text."),
)  # fmt: skip


def model(codec: emodel.Codec) -> str:
    """What the MOS stands on."""
    return (
        f"ITU-T G.107 (06/2015), default values, {codec.name}: Ie {codec.Ie:g}, Bpl {codec.Bpl:g} (G.113 Appendix I); "
        "speech, not video"
    )
