"""The tables. What is stored grows with units, days and changes, never with samples.

One row of ``device_state`` holds a device's newest results and how far its sequence numbers are durable, so that
one UPDATE per push is both the record and the proof against duplicates. Times are µs since the epoch unless said.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0006"
"""The Alembic revision this code speaks; a test compares it with the migrations."""

metadata = MetaData()
_serial = BigInteger().with_variant(Integer, "sqlite")

tokens = Table(
    "enrolment_tokens",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("unit", String(5), nullable=False),
    Column("seats", Integer, nullable=False),
    Column("used", Integer, nullable=False, default=0),
    Column("review", Boolean, nullable=False, default=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("note", Text, nullable=False, default=""),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("unit", String(5), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("public_key", LargeBinary(32), nullable=False, unique=True),
    Column("token", String(16), nullable=False),
    Column("name", Text, nullable=False, default=""),
    Column("enrolled_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

device_state = Table(
    "device_state",
    metadata,
    Column("device", String(36), primary_key=True),
    Column("cursors", LargeBinary, nullable=False),
    Column("results", LargeBinary, nullable=False),
    Column("health", LargeBinary, nullable=False),
    Column("boot", String(64), nullable=False, default=""),
    Column("version", String(32), nullable=False, default=""),
    Column("last_received", BigInteger),
    Column("last_seen", BigInteger),
    Column("clock_offset", Float),
    Column("drift", LargeBinary),
)

tallies = Table(
    "tallies",
    metadata,
    Column("unit", String(5), primary_key=True),
    Column("start", BigInteger, primary_key=True),  # epoch seconds, a whole half-hour
    Column("writer", String(16), primary_key=True),  # each replica adds to rows of its own
    Column("jobs", LargeBinary, nullable=False),
)

days = Table(
    "days",
    metadata,
    Column("unit", String(5), primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970-01-01 UTC
    Column("office", Boolean, primary_key=True),  # inside office hours, or outside
    Column("jobs", LargeBinary, nullable=False),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("unit", String(5), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("old", String(32), nullable=False),
    Column("new", String(32), nullable=False),
    Column("reason", String(64), nullable=False, default=""),
    Column("profile", String(64), nullable=False, default=""),
    Column("evidence", Text, nullable=False, default="{}"),
    Index("transitions_unit_subject_at", "unit", "subject", "at"),
    Index("transitions_subject_at", "subject", "at"),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("device", String(36), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("device", "epoch", "first"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("detail", Text, nullable=False, default=""),
)

roster_mark = Table(
    "roster_mark",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, 1: taken by who changes the roster
    Column("revision", BigInteger, nullable=False),
)

roster_units = Table(
    "roster_units",
    metadata,
    Column("unit", String(5), primary_key=True),
    Column("told", Text, nullable=False),  # JSON of collector.roster.model.UnitRoster; holds SNMP secrets
    Column("changed_at", BigInteger, nullable=False),
)

roster_sites = Table(
    "roster_sites",
    metadata,
    Column("unit", String(5), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("told", Text, nullable=False),  # JSON of collector.roster.model.Site
    Column("changed_at", BigInteger, nullable=False),
)

roster_stations = Table(
    "roster_stations",
    metadata,
    Column("unit", String(5), primary_key=True),
    Column("id", String(40), primary_key=True),
    Column("told", Text, nullable=False),  # JSON of collector.roster.model.Station, without the two columns below
    Column("device", String(36), unique=True),
    Column("retired_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
)

waivers = Table(
    "waivers",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("unit", String(5), nullable=False, index=True),
    Column("requirement", String(48), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

profiles = Table(
    "profiles",
    metadata,
    Column("name", String(64), primary_key=True),  # id@version, as transitions carry it
    Column("first_used_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # JSON of collector.readiness.profile.Profile
)

findings = Table(
    "findings",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, index=True),
    Column("changed_at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # JSON of collector.attribution.model.Finding
    Index("findings_opened_at", "opened_at"),
)

device_moves = Table(
    "device_moves",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("device", String(36), nullable=False, index=True),
    Column("old", String(5), nullable=False),
    Column("new", String(5), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False, default=""),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("value", LargeBinary, nullable=False),  # 32 random bytes, the same for all replicas
)

leases = Table(
    "leases",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("device", String(36), nullable=False, index=True),  # empty: granted by an engineer to whoever has the token
    Column("unit", String(5), nullable=False),
    Column("provider", String(60), nullable=False, default=""),
    Column("check", String(32), nullable=False),
    Column("server", String(64), nullable=False),
    Column("asked", String(16), nullable=False),
    Column("rate", Float, nullable=False),  # bit/s reserved, each way
    Column("bytes", BigInteger, nullable=False),
    Column("session", BigInteger, nullable=False, default=0),
    Column("granted_at", BigInteger, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),  # granted, running, done, expired
    Column("claims", Text, nullable=False, default=""),  # which streams were opened: "download:0 upload:0"
    Column("used", BigInteger, nullable=False, default=0),  # bytes, as the server counted them
    Column("progress", Text, nullable=False, default=""),  # JSON of what is measured now, for whoever watches
    Index("leases_ends_at", "ends_at"),
    Index("leases_unit_starts_at", "unit", "starts_at"),
)

lease_mark = Table(
    "lease_mark",
    metadata,
    Column("server", String(64), primary_key=True),  # the row is taken by who grants: one replica at a time
    Column("revision", BigInteger, nullable=False),
)

speed_requests = Table(
    "speed_requests",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("unit", String(5), nullable=False, index=True),
    Column("device", String(36), nullable=False, default=""),  # empty: whichever of the unit's is heard first
    Column("check", String(32), nullable=False),
    Column("author", String(80), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("lease", String(16), nullable=False, default=""),
    Column("ended_at", BigInteger),
)

measurements = Table(
    "measurements",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("unit", String(5), nullable=False),
    Column("device", String(36), nullable=False),
    Column("provider", String(60), nullable=False, default=""),
    Column("check", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("lease", String(16), nullable=False, default=""),
    Column("valid", String(32), nullable=False, default=""),  # empty, or why it counts for nothing
    Column("body", LargeBinary, nullable=False),  # the result as the device sent it, its signature among the facts
    Column("server", Text, nullable=False, default=""),  # JSON of what the server saw of the same test
    UniqueConstraint("device", "check", "at"),
    Index("measurements_unit_at", "unit", "check", "at"),
)

outbound = Table(
    "outbound",
    metadata,
    Column("id", _serial, primary_key=True, autoincrement=True),
    Column("endpoint", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),  # when it was appended
    Column("oldest", BigInteger, nullable=False),  # when the oldest of its results was taken
    Column("samples", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # results as they were sent, packed by collector.remote.queue
    Index("outbound_endpoint_id", "endpoint", "id", "samples", "size", "oldest"),
    Index("outbound_endpoint_at", "endpoint", "at"),
)

outbound_turns = Table(
    "outbound_turns",
    metadata,
    Column("endpoint", String(32), primary_key=True),
    Column("holder", String(200), nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
