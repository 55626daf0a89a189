"""The words of the panels that show machines: devices, lines, the collector and its agents (see texts)."""

from __future__ import annotations

DEVICES: dict[str, tuple[str, str, str, str]] = {
    # devices
    "devices.known": (
        "Thiết bị", "Devices",
        "Số máy từng gửi kết quả.", "Devices that have ever sent a result.",
    ),
    "devices.silent": (
        "Không có dữ liệu quá 24 giờ", "No data for 24 hours",
        "Số máy im quá một ngày.", "Devices that were not heard of for a day.",
    ),
    "devices.unsupported": (
        "Hết hỗ trợ", "Out of support",
        "Số máy có hệ điều hành không còn bản vá miễn phí.", "Devices whose system gets no free fixes any more.",
    ),
    "devices.expired": (
        "Chứng thư đã hết hạn", "Certificates ended",
        "Số chứng thư đã hết hạn trên token đang cắm.", "Certificates that have ended, on tokens that are plugged in.",
    ),
    "devices.soon": (
        "Chứng thư sắp hết hạn", "Certificates that end soon",
        "Số chứng thư còn hạn nhưng dưới ngưỡng sẵn sàng của yêu cầu certificate_left.",
        "Certificates in force, but below what the requirement certificate_left calls ready.",
    ),
    "devices.disks": (
        "Đĩa sắp hỏng", "Failing disks",
        "Số đĩa tự báo sắp hỏng (SMART).", "Disks that say they will fail (SMART).",
    ),
    "devices.age_bands": (
        "Tuổi máy theo mức", "Age by band",
        "Số máy ở mỗi mức của yêu cầu pc_age.", "Devices in each band of the requirement pc_age.",
    ),
    "devices.support_bands": (
        "Hỗ trợ theo mức", "Support by band",
        "Số máy ở mỗi mức của yêu cầu os_support.", "Devices in each band of the requirement os_support.",
    ),
    "devices.certificate_bands": (
        "Chứng thư theo mức", "Certificates by band",
        "Số chứng thư ở mỗi mức của yêu cầu certificate_left.",
        "Certificates in each band of the requirement certificate_left.",
    ),
    "devices.disk_bands": (
        "Ổ còn trống theo mức", "Free space by band",
        "Số ổ ở mỗi mức của yêu cầu disk_free.", "Volumes in each band of the requirement disk_free.",
    ),
    "devices.years": (
        "Số máy theo tuổi (năm)", "Devices by age (years)",
        "Số máy theo số năm tuổi trọn vẹn.", "Devices by whole years of age.",
    ),
    "devices.months": (
        "Chứng thư theo thời hạn còn lại (tháng)", "Certificates by time left (months)",
        "Số chứng thư theo số tháng trọn vẹn còn lại; dưới 0 là đã hết hạn.",
        "Certificates by whole months left; below 0 they have ended.",
    ),
    "devices.ending": (
        "Chứng thư hết hạn trước", "Certificates that end first",
        "20 chứng thư còn ít ngày nhất.", "The 20 certificates with the fewest days left.",
    ),
    "devices.out_of_support": (
        "Máy hết hỗ trợ trước", "Support that ends first",
        "20 máy còn ít ngày hỗ trợ nhất; số âm là đã hết.",
        "The 20 devices with the least support left; below 0 it is over.",
    ),
    "devices.filling": (
        "Ổ ít chỗ trống nhất", "Least free space",
        "20 ổ còn ít chỗ trống nhất.", "The 20 volumes with the least free space.",
    ),
    "devices.broken": (
        "Đĩa sắp hỏng và ổ không ghi được", "Failing disks, read-only volumes",
        "Sao lưu hôm nay, rồi thay đĩa.", "Back them up today, then replace the disk.",
    ),
    "devices.of_unit": (
        "Máy của đơn vị đã chọn", "Devices of the chosen unit",
        "Mọi máy của một đơn vị: chọn đơn vị ở trên.", "Every device of one unit: choose it above.",
    ),
    # lines
    "lines.measured": (
        "Đường có P95", "Lines with a P95",
        "Số đường đọc được bộ định tuyến đủ lâu để có P95.", "Lines whose router was read long enough for a P95.",
    ),
    "lines.over": (
        "Vượt ngưỡng", "Over the limit",
        "Số đường có P95 vượt ngưỡng nguy cơ của bộ tiêu chí ở một chiều.",
        "Lines whose P95 is over the profile's limit in one direction.",
    ),
    "lines.near": (
        "Gần ngưỡng", "Near the limit",
        "Số đường có P95 nằm giữa hai ngưỡng.", "Lines whose P95 lies between the two limits.",
    ),
    "lines.slow": (
        "Đo được quá chậm", "Measured too slow",
        "Số đường có tốc độ tải xuống đo được dưới ngưỡng nguy cơ của yêu cầu speed_down.",
        "Lines whose measured download is below the limit of the requirement speed_down.",
    ),
    "lines.no_contract": (
        "Chưa khai hợp đồng", "No contract told",
        "Số đơn vị mà danh mục chưa nêu băng thông hợp đồng.", "Units whose roster does not tell the contracted speed.",
    ),
    "lines.limit": (
        "Ngưỡng của bộ tiêu chí", "The profile's limit",
        "Mức sử dụng cao nhất cho phép (TT 06/2026/TT-BKHCN, Điều 5.6: 90 %).",
        "The most a line may be used (TT 06/2026/TT-BKHCN, Art. 5.6: 90 %).",
    ),
    "lines.lines": (
        "Đường truyền, đầy nhất trước", "Lines, fullest first",
        "P95 của 7 ngày mỗi chiều, băng thông hợp đồng và tốc độ đo được của từng đơn vị.",
        "P95 of 7 days each way, contracted and measured speed of each unit.",
    ),
    "lines.bands": (
        "Số đường theo mức", "Lines by band",
        "Số đường ở mỗi mức, theo từng chiều.", "Lines in each band, by direction.",
    ),
    "lines.p95": (
        "P95 của 7 ngày", "P95 of 7 days",
        "Mức sử dụng P95 của đơn vị đã chọn; nét đứt là hai ngưỡng của bộ tiêu chí.",
        "P95 of the chosen unit's line; dashed are the profile's two limits.",
    ),
    "lines.traffic": (
        "Lưu lượng và hợp đồng", "Traffic and contract",
        "Lưu lượng đọc từ bộ định tuyến; nét đứt là băng thông hợp đồng.",
        "Traffic as the router counts it; dashed is what the line is contracted for.",
    ),
    "lines.speed": (
        "Tốc độ đo được và hợp đồng", "Measured speed and contract",
        "Kết quả các lần đo tốc độ; nét đứt là băng thông hợp đồng.",
        "What speed tests found; dashed is what the line is contracted for.",
    ),
    "lines.latency": (
        "Độ trễ khi có tải", "Round trip under load",
        "Thời gian khứ hồi khi rảnh và khi tải; nét đứt là hai ngưỡng của yêu cầu loaded_rtt.",
        "Round trip idle and under load; dashed are the limits of the requirement loaded_rtt.",
    ),
    # collector
    "collector.version": (
        "Phiên bản", "Version",
        "Phiên bản máy chủ đang chạy.", "The collector's version.",
    ),
    "collector.profile": (
        "Bộ tiêu chí", "Profile",
        "Bộ tiêu chí trên đĩa đang được dùng, hay bị từ chối vì có lỗi.",
        "Whether the profile in the files is in force, or refused for an error.",
    ),
    "collector.push_rate": (
        "Lô mỗi giây", "Batches a second",
        "Số lô đã ghi mỗi giây.", "Batches committed a second.",
    ),
    "collector.refused": (
        "Tỷ lệ bị từ chối", "Share refused",
        "Số lô bị từ chối trên tổng số lô.", "Batches refused, of all that came.",
    ),
    "collector.swept": (
        "Đánh giá cách đây", "Judged ago",
        "Thời gian từ lượt đánh giá gần nhất.", "Since the last sweep ended.",
    ),
    "collector.failures": (
        "Lượt đánh giá hỏng, 1 giờ", "Failed sweeps, 1 hour",
        "Số lượt đánh giá gặp lỗi trong một giờ.", "Sweeps that ended in an error within an hour.",
    ),
    "collector.pushes": (
        "Tiếp nhận", "Intake",
        "Lô và kết quả mỗi giây: đã ghi, bị từ chối, trùng.",
        "Batches and results a second: committed, refused, duplicate.",
    ),
    "collector.refusals": (
        "Từ chối theo nguyên nhân", "Refusals by cause",
        "Số lô bị từ chối trong khoảng thời gian đang xem; trong ngoặc là mã lỗi để tra RUNBOOK.",
        "Batches refused within the time shown; in brackets the error code, to be looked up in RUNBOOK.",
    ),
    "collector.commits": (
        "Bản đồ nhiệt: thời gian ghi", "Heat map: commit time",
        "Số lần ghi theo thời gian ghi. Càng sáng càng nhiều.", "Commits by how long they took. Brighter is more.",
    ),
    "collector.queue": (
        "Hàng đợi", "Queue",
        "Lô đang chờ ghi và số lô mỗi lần ghi.", "Batches that wait for their commit, and batches in one commit.",
    ),
    "collector.pace": (
        "Nhịp làm việc", "Pace",
        "Độ nghẽn lớn nhất của vòng lặp sự kiện, thời gian một lượt đánh giá, P99 thời gian ghi.",
        "Longest stall of the event loop, one sweep, P99 of a commit.",
    ),
    "collector.process": (
        "CPU của máy chủ", "The collector's CPU",
        "Số lõi CPU mà tiến trình máy chủ dùng.", "CPU cores that the collector's process uses.",
    ),
    "collector.spooled": (
        "Kết quả chờ gửi", "Results unsent",
        "Tổng số kết quả còn nằm trên các máy.", "Results that still lie on the devices, of all.",
    ),
    "collector.oldest": (
        "Chờ lâu nhất", "Oldest unsent",
        "Tuổi của kết quả chưa gửi cũ nhất.", "Age of the oldest result that was not sent.",
    ),
    "collector.dead": (
        "Bị cách ly, 1 giờ", "Dead letters, 1 hour",
        "Số lô mà máy chủ không đọc được, giữ riêng trên máy.",
        "Batches that the collector cannot read, kept apart on devices.",
    ),
    "collector.lost": (
        "Mất trên máy, 1 giờ", "Lost on devices, 1 hour",
        "Số kết quả bị bỏ vì hết chỗ hoặc hỏng tệp.", "Results dropped for want of room, or in broken files.",
    ),
    "collector.thinned": (
        "Bị giảm bớt, 1 giờ", "Thinned, 1 hour",
        "Số kết quả cũ bị bỏ bớt để giữ được lâu hơn khi mất mạng.",
        "Old results left out, so that the spool lasts an outage.",
    ),
    "collector.skipped": (
        "Lần đo bị bỏ, 1 giờ", "Runs skipped, 1 hour",
        "Số lần đo không chạy vì lần trước chưa xong.", "Runs left out because the one before was not done.",
    ),
    "collector.gaps": (
        "Khoảng trống theo nguyên nhân", "Gaps by cause",
        "Số kết quả sẽ không bao giờ tới trong khoảng thời gian đang xem; trong ngoặc là mã để tra RUNBOOK.",
        "Results that will never come, within the time shown; in brackets the code, to be looked up in RUNBOOK.",
    ),
    "collector.behind": (
        "Agent gửi chậm nhất", "Agents furthest behind",
        "20 máy có kết quả chưa gửi lâu nhất.", "The 20 devices whose oldest unsent result is oldest.",
    ),
    "collector.scrapes": (
        "Prometheus đọc được", "Scrapes that work",
        "Mỗi hàng một địa chỉ mà Prometheus đọc.", "A row for each address that Prometheus scrapes.",
    ),
    "collector.scrape_time": (
        "Thời gian đọc", "Scrape time",
        "Thời gian Prometheus đọc mỗi trang; nét đứt là phần máy chủ dùng.",
        "How long Prometheus takes for each page; dashed is the collector's own part.",
    ),
    "collector.series": (
        "Số chuỗi số liệu", "Series",
        "Số chuỗi đang xuất, theo loại.", "Series that are exported, by kind.",
    ),
    "collector.sent": (
        "Gửi đi", "Sent",
        "Mẫu đã gửi, yêu cầu hỏng, mẫu bị bỏ mỗi giây.", "Samples sent, requests failed, samples dropped a second.",
    ),
    "collector.pending": (
        "Hàng đợi ghi từ xa", "Remote-write queue",
        "Theo nơi nhận: số mẫu và dung lượng chờ, mẫu cũ nhất, lần gửi được gần nhất.",
        "By endpoint: samples and bytes that wait, the oldest one, the last success.",
    ),
    "collector.not_written": (
        "Không ghi được theo nguyên nhân", "Not written, by cause",
        "Yêu cầu hỏng và mẫu bị bỏ trong khoảng thời gian đang xem; trong ngoặc là mã để tra RUNBOOK.",
        "Requests failed and samples dropped within the time shown; in brackets the code, to be looked up in RUNBOOK.",
    ),
}  # fmt: skip
