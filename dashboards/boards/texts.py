"""Titles and descriptions: of each dashboard and of each panel, title and description in Vietnamese and in English."""

from __future__ import annotations

from dashboards.boards.texts_devices import DEVICES

Words = tuple[str, str, str, str]
"""Title (vi, en), description (vi, en)."""

BOARDS: dict[str, Words] = {
    "city": (
        "Sẵn Sàng · Toàn thành phố", "Sẵn Sàng · City",
        "Đơn vị nào chưa sẵn sàng và vì sao.", "Which units are not ready, and why.",
    ),
    "ward": (
        "Sẵn Sàng · Đơn vị", "Sẵn Sàng · Ward",
        "Một phường, xã, đặc khu: từng yêu cầu và bằng chứng.", "One unit: each requirement, and its evidence.",
    ),
    "providers": (
        "Sẵn Sàng · Nhà cung cấp và hệ thống", "Sẵn Sàng · Providers and systems",
        "Lỗi của nhà cung cấp và của hệ thống, gộp lại thay vì báo từng đơn vị.",
        "Faults of providers and systems, told once and not unit by unit.",
    ),
    "devices": (
        "Sẵn Sàng · Thiết bị và chữ ký số", "Sẵn Sàng · Devices and tokens",
        "Máy cũ, máy hết hỗ trợ, chứng thư sắp hết hạn, ổ sắp đầy.",
        "Old PCs, PCs out of support, certificates that end, disks that fill.",
    ),
    "lines": (
        "Sẵn Sàng · Đường truyền", "Sẵn Sàng · Line capacity",
        "P95 của 7 ngày so với hợp đồng (TT 06/2026/TT-BKHCN, Điều 5.6).",
        "P95 of 7 days against the contract (TT 06/2026/TT-BKHCN, Art. 5.6).",
    ),
    "collector": (
        "Sẵn Sàng · Máy chủ và agent", "Sẵn Sàng · Collector and agents",
        "Số liệu trên các bảng kia có tin được không.", "Whether the other dashboards can be believed.",
    ),
}  # fmt: skip
TEXTS: dict[str, Words] = DEVICES | {
    # city
    "city.not_ready": (
        "Chưa sẵn sàng", "Not ready",
        "Số đơn vị có yêu cầu bắt buộc không đạt.", "Units that miss a mandatory requirement.",
    ),
    "city.at_risk": (
        "Có nguy cơ", "At risk",
        "Số đơn vị đạt nhưng gần ngưỡng.", "Units that pass, but only just.",
    ),
    "city.unknown": (
        "Chưa đủ dữ liệu", "Not enough data",
        "Số đơn vị không đánh giá được: quá ít máy báo cáo, mất kết nối, ngoài giờ. Im lặng không bao giờ là sẵn sàng.",
        "Units that cannot be judged: too few PCs report, contact lost, office closed. Silence is never ready.",
    ),
    "city.ready": (
        "Sẵn sàng", "Ready",
        "Số đơn vị đạt mọi yêu cầu bắt buộc.", "Units that meet every mandatory requirement.",
    ),
    "city.findings_open": (
        "Sự cố", "Findings",
        "Sự cố đang mở: lỗi đã khoanh được vào một chặng; và số sự cố chặn từ hai đơn vị.",
        "Open findings: faults located in one segment; and how many of them stop two units or more.",
    ),
    "city.reporting": (
        "Thiết bị", "Devices",
        "Số máy đang báo cáo trên số máy phải có theo danh mục.", "Devices that report, and those the rosters name.",
    ),
    "city.map": (
        "Bản đồ", "Map",
        "Mỗi dấu là một đơn vị, tại tâm của nó. Hình và màu cho biết trạng thái; bấm để mở đơn vị.",
        "One mark for each unit, at its centroid. Shape and colour tell the state; click to open the unit.",
    ),
    "city.worst": (
        "Đơn vị cần chú ý trước", "Worst first",
        "Đơn vị không sẵn sàng, kèm một lý do: yêu cầu bắt buộc tệ nhất. Bấm tên để mở đơn vị.",
        "Units that are not ready with one reason: the mandatory requirement that is worst. Click a name to open it.",
    ),
    "city.findings": (
        "Sự cố theo số đơn vị", "Findings by units affected",
        "Mỗi lỗi một dòng, dù chặn bao nhiêu đơn vị, kèm ai phải xử lý.",
        "One row for each fault, however many units it stops, and whose it is to fix.",
    ),
    "city.changes": (
        "Thay đổi trong 24 giờ", "Changes in 24 hours",
        "Đơn vị đổi trạng thái trong 24 giờ qua: hôm qua và bây giờ.",
        "Units whose state changed within 24 hours: what it was, what it is.",
    ),
    "city.history": (
        "Số đơn vị theo trạng thái", "Units by state",
        "Số đơn vị ở mỗi trạng thái theo thời gian (quy tắc ghi của Prometheus).",
        "Units in each state over time (by Prometheus' recording rules).",
    ),
    # ward
    "ward.state": (
        "Trạng thái", "State",
        "Trạng thái của đơn vị: yêu cầu bắt buộc tệ nhất quyết định.",
        "The unit's state: its worst mandatory requirement decides.",
    ),
    "ward.since": (
        "Từ khi nào", "Since",
        "Đơn vị ở trạng thái này từ khi nào.", "Since when the unit has its state.",
    ),
    "ward.reporting": (
        "Thiết bị", "Devices",
        "Máy đang báo cáo và máy phải có. Dưới mức tối thiểu của bộ tiêu chí thì chưa đủ dữ liệu.",
        "Devices that report, and those expected. Below the profile's minimum the unit is unknown.",
    ),
    "ward.last": (
        "Kết quả mới nhất", "Newest result",
        "Lần đo mới nhất của bất kỳ máy nào.", "When any of its devices last measured.",
    ),
    "ward.unmet": (
        "Yêu cầu không đạt", "Requirements missed",
        "Số yêu cầu không đạt: bắt buộc, và khuyến nghị.", "Requirements that are missed: mandatory, and advisory.",
    ),
    "ward.why": (
        "Vì sao", "Why",
        "Mọi yêu cầu chưa đạt, tệ nhất trước, kèm lý do và miễn trừ nếu có.",
        "Every requirement that is not met, worst first, with its reason and its waiver if it has one.",
    ),
    "ward.findings": (
        "Sự cố tại đơn vị", "Findings here",
        "Sự cố đang chặn đơn vị này và ai phải xử lý.", "Findings that stop something here, and whose they are.",
    ),
    "ward.timeline": (
        "Diễn biến từng yêu cầu", "Requirements over time",
        "Mỗi hàng một yêu cầu. Khoảng trống là không có số liệu.", "A row for each requirement. A gap is no data.",
    ),
    "ward.values_seconds": (
        "Thời gian", "Times",
        "Giá trị đo được, ngưỡng sẵn sàng và ngưỡng nguy cơ của bộ tiêu chí: độ trễ, thời hạn, tuổi máy.",
        "What was measured, and the profile's limits: delays, time left, ages.",
    ),
    "ward.values_ratio": (
        "Tỷ lệ", "Shares",
        "Giá trị đo được và ngưỡng của bộ tiêu chí: mức sử dụng, mất gói, tỷ lệ máy đạt.",
        "What was measured, and the profile's limits: use, loss, shares of PCs.",
    ),
    "ward.values_bytes_per_second": (
        "Tốc độ", "Speeds",
        "Băng thông hợp đồng và tốc độ đo được so với ngưỡng.", "Contracted and measured speeds against their limits.",
    ),
    "ward.values_bytes": (
        "Dung lượng", "Sizes",
        "Bộ nhớ của máy so với ngưỡng.", "Memory of the PCs against its limits.",
    ),
    "ward.values_1": (
        "Số lượng", "Counts",
        "Số đếm được so với ngưỡng: thiết bị, số máy trên một cán bộ.",
        "What was counted against its limits: equipment, PCs per official.",
    ),
    "ward.one": (
        "Một yêu cầu theo thời gian: $requirement", "One requirement over time: $requirement",
        "Giá trị của yêu cầu chọn ở trên, giữa hai ngưỡng (nét đứt) của bộ tiêu chí.",
        "The value of the requirement chosen above, between the profile's two limits (dashed).",
    ),
    "ward.devices": (
        "Thiết bị", "Devices",
        "Máy của đơn vị. Bấm mã máy để mở trang của máy.", "The unit's devices. Click one to open its page.",
    ),
    "ward.failing": (
        "Phép đo hỏng", "Failing checks",
        "Lần đo mới nhất không đạt của từng máy và lý do.", "The newest runs that were not ok, and why.",
    ),
    "ward.traffic": (
        "Lưu lượng và hợp đồng", "Traffic and contract",
        "Lưu lượng đọc từ bộ định tuyến; nét đứt là băng thông hợp đồng.",
        "Traffic as the router counts it; dashed is what the line is contracted for.",
    ),
    "ward.systems": (
        "Hệ thống truy cập được", "Systems reached",
        "Tỷ lệ máy vào được từng hệ thống, theo ngưỡng của yêu cầu systems_now.",
        "The share of PCs that reach each system, by the limits of the requirement systems_now.",
    ),
    "ward.certificates": (
        "Chứng thư chữ ký số", "Signing certificates",
        "Số ngày còn lại của chứng thư trên token đang cắm; tên là dấu nhận biết có khóa, không nêu người.",
        "Days left of the certificates on tokens that are plugged in; a keyed fingerprint names them, no person.",
    ),
    "ward.links": (
        "Mắt xích ký số bị đứt", "Broken links of signing",
        "Đầu đọc, token, trình điều khiển, chứng thư, dịch vụ: mắt xích đứt và lý do.",
        "Reader, token, driver, certificate, services: the link that is broken, and why.",
    ),
    "ward.power": (
        "Nguồn điện", "Power",
        "Điện lưới, pin UPS và số lần tắt đột ngột trong 32 lần khởi động gần nhất.",
        "Mains, UPS, and how many of the last 32 boots ended without a shutdown.",
    ),
    # providers
    "providers.providers": (
        "Nhà cung cấp", "Providers",
        "Số đường truyền, tỷ lệ truy cập được trung bình, P95 chậm nhất, số đơn vị bị chặn bởi lỗi của nhà cung cấp.",
        "Lines, the mean share of systems reached, the slowest P95, and units that the provider's faults stop.",
    ),
    "providers.systems": (
        "Hệ thống", "Systems",
        "Tỷ lệ máy vào được từng hệ thống, P95 chậm nhất, số đơn vị bị chặn bởi lỗi của chính hệ thống.",
        "The share of PCs that reach each system, the slowest P95, and units that the system's own faults stop.",
    ),
    "providers.findings": (
        "Sự cố ngoài đơn vị", "Findings outside the units",
        "Sự cố ở đường truyền, nhà cung cấp và hệ thống. Báo một lần cho nơi phải xử lý.",
        "Findings in access lines, providers and systems. Tell once whose they are.",
    ),
    "providers.provider_states": (
        "Nhà cung cấp theo thời gian", "Providers over time",
        "Tỷ lệ truy cập được qua từng nhà cung cấp, theo ngưỡng của yêu cầu systems_now.",
        "The share of systems reached through each provider, by the limits of the requirement systems_now.",
    ),
    "providers.system_states": (
        "Hệ thống theo thời gian", "Systems over time",
        "Tỷ lệ máy vào được từng hệ thống, theo ngưỡng của yêu cầu systems_now.",
        "The share of PCs that reach each system, by the limits of the requirement systems_now.",
    ),
    "providers.latency": (
        "Bản đồ nhiệt: thời gian trả lời", "Heat map: time to answer",
        "P95 tổng thời gian của một lần truy cập, mỗi hàng một nhà cung cấp và hệ thống. Càng sáng càng chậm.",
        "P95 of the total time of one request, a row for each provider and system. Brighter is slower.",
    ),
    "providers.reach": (
        "Bản đồ nhiệt: tỷ lệ không vào được", "Heat map: share not reached",
        "Tỷ lệ lần đo không vào được, mỗi hàng một nhà cung cấp và hệ thống. Càng sáng càng hỏng nhiều.",
        "The share of runs that failed, a row for each provider and system. Brighter is worse.",
    ),
}  # fmt: skip
