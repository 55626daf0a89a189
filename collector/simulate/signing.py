"""What the checks of the signing token and of the services that a signature needs would find."""

from __future__ import annotations

from checks.kit.model import Reading, Reason, Scalar, failed, not_applicable, ok
from collector.simulate.model import Kind
from collector.simulate.run import Generator, Run, of

DAY = 86_400


def signing_token(run: Run) -> Reading:
    until = run.desk.signs_until
    if until is None:
        return not_applicable("no reader, no token and no module of one")
    if run.has(Kind.TOKEN_ABSENT):
        return _token(run, {"reader": "ok", "token": Reason.TOKEN_ABSENT}, Reason.TOKEN_ABSENT)
    locked = run.has(Kind.PIN_LOCKED, Kind.PIN_LAST_TRY)
    if locked:
        reason, pin = (Reason.PIN_LOCKED, 3) if locked.kind is Kind.PIN_LOCKED else (Reason.PIN_FINAL_TRY, 2)
        return _token(run, {"reader": "ok", "token": "ok", "middleware": "ok", "pin": reason}, reason, pin=pin)
    expired = run.has(Kind.SIGNING_EXPIRED)
    left = (expired.begin - run.at) / 1e6 if expired else until - run.seconds
    links = dict.fromkeys(("reader", "token", "middleware", "pin", "certificate", "issuer"), "ok")
    if left <= 0:
        links = {name: word for name, word in links.items() if name != "issuer"}
        links["certificate"] = Reason.CERT_EXPIRED
    return _token(run, links, Reason.CERT_EXPIRED if left <= 0 else None, left=left)


def _token(
    run: Run, links: dict[str, str], reason: Reason | None, *, pin: int = 0, left: float | None = None
) -> Reading:
    """The reading where the links hold or break like this; `left` is of the certificate (s), if it was read."""
    there = links["token"] == "ok"  # noqa: S105
    usable = int(reason is None)
    samples = [
        of("signing_token_link", word == "ok", link=name, reason="" if word == "ok" else word)
        for name, word in links.items()
    ]
    samples += [of("signing_token_readers", 1), of("signing_token_tokens", there)]
    facts: dict[str, Scalar] = {f"{name}_link": str(word) for name, word in links.items()}
    if there:
        samples.append(of("signing_token_pin", pin))
    if left is not None:
        own = {"certificate": f"{run.desk.born:08x}"[-8:], "class": "personal"}
        samples += [
            of("signing_token_certificates", 1), of("signing_token_usable_certificates", usable),
            of("signing_token_certificate_left", left, **own),
        ]  # fmt: skip
        facts |= {"days_left": int(left // DAY), "class": "personal", "generation": "g2", "former_unit": "no"}
    return failed(reason, tuple(samples), facts) if reason else ok(tuple(samples), facts)


def signing_service(run: Run) -> Reading:
    if run.desk.signs_until is None:
        return not_applicable("no signing service, no time-stamp server, and no certificate that names an issuer's")
    words = {"service": "ok", "tsa": "ok", "crl": "ok", "ocsp": "ok"}
    if run.is_cut_off:
        words |= {"tsa": Reason.TSA_UNREACHABLE, "crl": Reason.CRL_UNREACHABLE, "ocsp": Reason.OCSP_UNREACHABLE}
    samples = [
        of("signing_service_link", word == "ok", link=name, reason="" if word == "ok" else word)
        for name, word in words.items()
    ]
    well = [name for name, word in words.items() if word == "ok"]
    samples += [of("signing_service_wait", run.around(0.01 if name == "service" else 0.08), link=name) for name in well]
    samples += [of("signing_service_left", 4 * DAY, link=name) for name in well if name in ("crl", "ocsp")]
    samples += [of("signing_service_size", 40_000, link=name) for name in well if name in ("crl", "ocsp")]
    samples += [of("signing_service_tsa_offset", run.chance.gauss(0, 0.3))] if "tsa" in well else []
    facts: dict[str, Scalar] = {f"{name}_link": str(word) for name, word in words.items()}
    return failed(Reason.TSA_UNREACHABLE, tuple(samples), facts) if run.is_cut_off else ok(tuple(samples), facts)


GENERATORS: dict[str, Generator] = {"signing_token": signing_token, "signing_service": signing_service}
