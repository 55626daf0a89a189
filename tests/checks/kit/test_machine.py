"""Placeholders, impossible dates, shared ids, virtual machines."""

from __future__ import annotations

import pytest

from checks.kit.machine import date, first, is_shared_id, is_virtual, meaningful


@pytest.mark.parametrize(
    "text",
    [None, "", "  ", "To Be Filled By O.E.M.", "To be filled by OEM", "System Product Name", "System manufacturer",
     "Default string", "Not Applicable", "Not Specified", "O.E.M.", "N/A", "none", "Unknown", "INVALID", "All Series",
     "0123456789", "123456789", "0000", "x.x", "..............", "Type1ProductConfigId", "\x00\x00",
     "Product Name", "System Name", "Unknow", "(null string)", "OEM_Serial", "SystemSerialNumb", "SN-1234567890",
     "SYS-9876543210", "MB-1234567890", "NNNNNNN",
     "Serial Number xxxxxx", "1111111111", "Default_string", "Standard", "*"],
)  # fmt: skip
def test_placeholders_mean_nothing(text: str | None) -> None:
    """A maker that forgot to fill them in is an unknown maker."""
    assert meaningful(text) is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [("Dell Inc.\n", "Dell Inc."), ("OptiPlex  3060", "OptiPlex 3060"), ("Máy tính CMS", "Máy tính CMS"),
     ("HP\x00", "HP"), ("X", None), ("Nonesuch", "Nonesuch"), ("a" * 200, "a" * 128)],
)  # fmt: skip
def test_names_are_kept_printable_and_short(text: str, kept: str | None) -> None:
    """Whatever the firmware holds."""
    assert meaningful(text) == kept


def test_the_first_meaningful_text_counts() -> None:
    """The board names itself where the PC does not."""
    assert first("Default string", None, "H81M-DS2", "later") == "H81M-DS2"
    assert first("Default string") is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [("05/11/2018", "2018-05-11"), ("5/1/2018\n", "2018-05-01"), ("12/31/99", "1999-12-31"), ("13/01/2018", None),
     ("02/30/2018", None), ("2018-05-11", None), ("", None), (None, None), ("00/00/0000", None)],
)  # fmt: skip
def test_firmware_dates_are_month_first(text: str | None, iso: str | None) -> None:
    """As SMBIOS writes them; what is no date is unknown."""
    assert date(text) == iso


@pytest.mark.parametrize(
    ("text", "shared"),
    [("03000200-0400-0500-0006-000700080009", True), ("FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", True),
     ("00000000-0000-0000-0000-000000000000", True), ("4C4C4544-0000-2010-8020-80C04F202020\n", True),
     ("6AB5B300-538D-1014-9FB5-B0684D007B53", True), ("01010101-0101-0101-0101-010101010101", True),
     ("FEFEFEFE-FEFE-FEFE-FEFE-FEFEFEFEFEFE", True), ("{00010203-0405-0607-0809-0A0B0C0D0E0F}", True),
     ("DEADBEEF-DEAD-BEEF-DEAD-BEEFDEADBEEF", True), ("2", True), ("Not", True), ("Default string", True),
     ("To be filled by O.E.M.", True), ("4c4c4544-0042-3510-8054-b8c04f4e5032", False),
     ("{4C4C4544-0042-3510-8054-B8C04F4E5032}", False), ("4c4c4544004235108054b8c04f4e5032", False), ("", None),
     ("  \n", None), (None, None)],
)  # fmt: skip
def test_an_id_that_many_pcs_carry_is_recognised(text: str | None, shared: bool | None) -> None:
    """One such id stood on 689 schools' PCs."""
    assert is_shared_id(text) is shared


@pytest.mark.parametrize(
    ("texts", "virtual"),
    [(("QEMU",), True), (("VMware, Inc.",), True), (("innotek GmbH", "VirtualBox"), True),
     (("Microsoft Corporation", "Virtual Machine"), True), (("Microsoft Corporation", "Surface Pro 7"), False),
     (("Dell Inc.", None), False), ((), False)],
)  # fmt: skip
def test_virtual_machines_name_themselves(texts: tuple[str | None, ...], virtual: bool) -> None:
    """Maker or model gives them away."""
    assert is_virtual(*texts) is virtual
