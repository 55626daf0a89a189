"""The command ``sansang-agent``."""

from __future__ import annotations

import sys
import time
from typing import Any, get_args

import click
import msgspec

from agent import VERSION, enrol, files, identity, launch, leases, onsite, remote, settings, status
from agent.config import AgentConfig, address_error, state_dir
from agent.enrol import EnrolError
from agent.files import FileError
from agent.identity import IdentityError
from agent.lasting import Lasting
from agent.lifetime import Lifetime
from agent.onsite import UsageError
from agent.runner import MakeEnv
from agent.schema import results as results_schema
from agent.terminal import Terminal
from checks.kit import child, registry, words
from checks.kit.clock import SystemClock
from checks.kit.host import Host
from checks.kit.model import Env, Job
from checks.kit.net import Net
from checks.kit.strict import ConfigError


class Fault(click.ClickException):
    """One line on standard error, exit code 1."""

    def show(self, file: Any = None) -> None:
        click.echo(f"sansang-agent: {self.message}", file=file or sys.stderr)


def _settings(file: str | None) -> AgentConfig:
    try:
        return settings.load(file)[0]
    except ConfigError as why:
        raise Fault(str(why)) from None


def _make_env(seconds: float) -> Env:
    now = time.monotonic
    return Env(clock=_clock, net=_net, host=_host, child=child, deadline=now() + seconds, now=now)


def _equipped(folder: str) -> MakeEnv:
    """An environment that also knows what an agent keeps in `folder`, so far as this user may read it."""
    boots = Lifetime(folder, _clock).boots()
    try:
        secret = identity.secret(folder)
    except (IdentityError, FileError):
        secret = b""
    return lambda seconds: msgspec.structs.replace(_make_env(seconds), boots=boots, secret=secret)


_clock, _net, _host = SystemClock(), Net(), Host()
config_option = click.option(
    "--config",
    "file",
    metavar="FILE",
    help="Settings. Default: $SANSANG_AGENT_CONFIG_FILE, else /etc/sansang/agent.yaml if there is one.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="sansang-agent")
def main() -> None:
    """Measures what this PC's office needs to serve people, and sends the results to a collector.

    \b
    First:         sansang-agent enrol https://collector TOKEN
    Then, always:  sansang-agent run
    On the spot:   sansang-agent check
    """


@main.command()
@config_option
def run(file: str | None) -> None:
    """Run the agent: measure, keep, send, until it is stopped.

    Results are kept on disk while the collector cannot be reached. SIGTERM stops it within 10 seconds.
    """
    config = _settings(file)
    try:
        found, _ = identity.require(state_dir(config))
    except (IdentityError, FileError) as why:
        raise Fault(str(why)) from None
    wrong = address_error(config.collector or found.collector, config.plain_http)
    if wrong:
        raise Fault(wrong)
    sys.exit(launch.start(config))


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--target", default="", metavar="URL", help="Measure this instead of what is configured.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of what --json prints, and measure nothing.")
@click.option("--lang", type=click.Choice(["vi", "en"]), help="Language of the lines. Default: from the settings, vi.")
@click.option("-d", "--details", is_flag=True, help="Show every number and fact under its check.")
@click.option("--bundle", metavar="F", help="Also write the results to F, signed, for sansang-collector import.")
@config_option
def check(
    names: tuple[str, ...],
    target: str,
    as_json: bool,
    schema: bool,
    lang: str | None,
    details: bool,
    bundle: str | None,
    file: str | None,
) -> None:
    """Run checks now and show what they find. Nothing is sent.

    Without NAME: everything this PC is set up to measure. Exit code 0: all is well, 1: something failed or could
    not be measured, 2: wrong use.

    \b
    sansang-agent check --details
    sansang-agent check connectivity --target https://dichvucong.example.vn
    """
    if schema:
        click.echo(results_schema(), nl=False)
        return
    config = _settings(file)
    signer = _signer(config) if bundle else None
    try:
        jobs = onsite.choose(names, target, _configured(config), registry.load)
    except UsageError as why:
        raise click.UsageError(str(why)) from None
    terminal = None if as_json else Terminal(sys.stdout, words, lang or config.lang, details=details)
    folder = state_dir(config)
    found = _leases(config)
    results = onsite.run_all(jobs, registry.load, _equipped(folder), _clock, terminal, Lasting(folder), found)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(results), indent=2).decode())
    if bundle and signer:
        device, key = signer
        try:
            files.write_durably(bundle, onsite.bundle(results, device, key, _clock), 0o644)
        except FileError as why:
            raise Fault(str(why)) from None
    sys.exit(onsite.exit_code(results))


def _leases(config: AgentConfig) -> leases.Leases | None:
    """The right to load the line, where this PC has a collector to ask for it, and this user may read its key."""
    try:
        found, key = identity.require(state_dir(config))
    except (IdentityError, FileError):
        return None
    if address_error(config.collector or found.collector, config.plain_http):
        return None
    return leases.connected(config, found, key, _clock, "technician")


def _signer(config: AgentConfig) -> tuple[str, identity.Key]:
    try:
        found, key = identity.require(state_dir(config))
    except (IdentityError, FileError) as why:
        raise Fault(str(why)) from None
    return found.device, key


def _configured(config: AgentConfig) -> list[Job]:
    try:
        cached = remote.load(state_dir(config), registry.names(), registry.load)
    except FileError:
        cached = None  # another user's state: this PC's own jobs can still be run
    return remote.merge(cached, config.jobs)


@main.command(name="enrol")
@click.argument("url")
@click.argument("token")
@click.option("--role", type=click.Choice(get_args(enrol.Role)), default="pc", show_default=True, help="What it is.")
@click.option("--station", default="", metavar="CODE", help="Its place in the unit's roster, such as Q1.")
@config_option
def enrol_command(url: str, token: str, role: enrol.Role, station: str, file: str | None) -> None:
    """Enrol this PC with the collector at URL, using the TOKEN made for its unit.

    Makes the device's key if there is none. Repeating it is harmless.
    """
    config = _settings(file)
    try:
        found = enrol.enrol(url, token, config, role, station)
    except (EnrolError, IdentityError, FileError) as why:
        raise Fault(str(why)) from None
    waits = "" if found.status == "active" else ", waiting for an engineer's approval"
    click.echo(f"enrolled in unit {found.unit} as {found.device}{waits}")


@main.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@config_option
def status_command(as_json: bool, file: str | None) -> None:
    """Show whether the agent runs, whether its results arrive, and how many wait.

    Exit code 0: it runs and the collector acknowledges, 1: anything else.
    """
    config = _settings(file)
    try:
        found = status.look(state_dir(config), _clock.wall())
    except (IdentityError, FileError) as why:
        raise Fault(str(why)) from None
    click.echo(status.as_json(found) if as_json else "\n".join(status.lines(found, config.lang)))
    sys.exit(0 if found.well else 1)


@main.command()
@config_option
def validate(file: str | None) -> None:
    """Check the settings file, each job's params included. Prints file:line:column: key: what was expected."""
    try:
        config, used = settings.load(file)
    except ConfigError as why:
        raise Fault(str(why)) from None
    click.echo(f"{used}: ok, {len(config.jobs)} jobs of its own" if used else "no settings file: the defaults apply")


if __name__ == "__main__":
    main()
