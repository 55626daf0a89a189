"""What the collector's own counters tell apart, in Vietnamese and English: batches refused, gaps, remote write. Codes
as RUNBOOK.md explains them."""

from __future__ import annotations

Pair = tuple[str, str]
REFUSALS: dict[str, Pair] = {
    "bad_magic": ("không phải lô kết quả", "not a batch"),
    "unsupported_version": ("định dạng máy chủ chưa biết", "a format that the collector does not know"),
    "truncated": ("lô bị cắt cụt", "cut short"),
    "too_large": ("lô quá lớn", "too large"),
    "bad_signature": ("sai chữ ký của thiết bị", "not signed by the device"),
    "not_gzip": ("không phải gzip", "not gzip"),
    "inflated_too_large": ("bung ra quá lớn", "unpacks to too much"),
    "not_json": ("không phải JSON", "not JSON"),
    "too_deep": ("lồng quá sâu", "nested too deeply"),
    "forbidden_character": ("có ký tự cấm", "holds a forbidden character"),
    "invalid": ("sai quy cách", "not as a batch must be"),
    "agent_mismatch": ("trong và ngoài là hai thiết bị", "names two devices"),
    "unknown_agent": ("không biết thiết bị này", "unknown device"),
    "revoked": ("thiết bị đã bị thu hồi", "the device is revoked"),
    "too_many_holes": ("số thứ tự quá rời rạc", "numbers too scattered"),
    "overloaded": ("máy chủ quá tải", "the collector is overloaded"),
    "timeout": ("gửi quá chậm", "sent too slowly"),
    "storage": ("cơ sở dữ liệu không ghi được", "the database takes no writes"),
}
"""Why a batch was refused, by the error code the agent is given. Closed: exported as a label."""
GAPS: dict[str, Pair] = {
    "spool_cap": ("hàng đợi trên máy đầy", "the device's queue was full"),
    "spool_age": ("để quá lâu trên máy", "lay on the device too long"),
    "quarantined": ("máy chủ không đọc được", "the collector cannot read them"),
    "spool_corrupt": ("ổ đĩa của máy làm hỏng", "damaged by the device's disk"),
    "lost": ("máy không còn giữ, không rõ vì sao", "gone from the device, nobody knows why"),
}
"""Why results will never come, as agents and the collector put it."""
FAILURES: dict[str, Pair] = {
    "timeout": ("nơi nhận không trả lời kịp", "no answer in time"),
    "unreachable": ("không kết nối được", "cannot be reached"),
    "interrupted": ("kết nối bị ngắt", "the connection was cut"),
    "tls": ("lỗi chứng thư TLS", "TLS fails"),
    "credentials": ("không dùng được mật khẩu hoặc khóa", "password or key cannot be used"),
    "unauthorised": ("không được phép ghi", "not allowed to write"),
    "not_found": ("sai địa chỉ", "wrong address"),
    "redirected": ("bị chuyển hướng", "redirected"),
    "throttled": ("nơi nhận giới hạn tốc độ", "held back by the receiver"),
    "unavailable": ("nơi nhận báo lỗi", "the receiver reports an error"),
    "rejected": ("từ chối cả yêu cầu trống", "even an empty request is refused"),
}
"""Why a request of remote write is to be tried again. Closed: exported as a label."""
DROPS: dict[str, Pair] = {
    "too_old": ("quá cũ", "too old"),
    "duplicate": ("đã có giá trị khác", "another value stands there"),
    "out_of_order": ("sai thứ tự thời gian", "out of order"),
    "too_large": ("quá lớn", "too large"),
    "refused": ("nơi nhận từ chối", "refused by the receiver"),
    "same_time": ("trùng thời điểm", "two of one time"),
    "unreadable": ("hàng đợi bị hỏng", "the queue is damaged"),
    "overflow": ("hàng đợi đầy", "the queue was full"),
    "expired": ("chờ quá lâu", "waited too long"),
}
"""Why samples are not written. Closed: exported as a label."""
