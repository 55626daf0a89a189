"""What is assumed before anything is seen: how often parts break, what they affect when they do, how much is noise.

A cost is the negative logarithm of a probability, in nats.
"""

from __future__ import annotations

from collector.attribution.causes import Place
from collector.attribution.passed import Spread

NOISE = 0.005
SURE, AT_TIMES = 0.95, 0.35
SHARES = (0.3, 0.5, 0.75, 0.97, 0.995)
"""θ that are tried, of ways from the first on, of devices, units and targets from the second: so a few broken lines
are not taken for their provider."""
FLICKERS = (0.12, 0.22, AT_TIMES, 0.6)
"""How often every way below a flapping part fails."""
COST: dict[Place, float] = {
    Place.DESTINATION: 4.8, Place.PROVIDER_NAMES: 5.2, Place.PROVIDER: 5.5, Place.LAN_NAMES: 8.5, Place.ACCESS: 9.0,
    Place.LAN: 9.5, Place.DEVICE: 11.0,
}  # fmt: skip
"""-ln of how probable it is that one such part is broken now: one of sixty thousand PCs, a hundredth of the systems, so
that a city of thousands of PCs that is judged every minute names one wrongly once in many minutes.
Resolvers are cheap because they are asked only where names fail. Where nothing tells two places apart, the cheaper one
is named and the other stands in ``also``."""
EXPLAINED = 0.1
"""How probable it must at least be that a way is affected for it to be explained."""
TARGETS_ONLY, DEVICES_ONLY = 10.0, 4.0
"""What it costs besides that a part of the way stops some systems and lets others pass; that a line stops some PCs of
an office and lets others pass."""
BEYOND = 0.5
"""What a provider of which one customer tells costs more than that one's line: it stands beside it in ``also``."""
SETTLED = 0.3
"""A failure that is so probable by what is blamed already needs no further explanation."""

SPREADS: dict[Place, tuple[Spread, ...]] = {
    Place.DEVICE: (Spread.WAY,),
    Place.LAN: (Spread.WAY, Spread.DEVICE, Spread.TARGET),
    Place.LAN_NAMES: (Spread.WAY, Spread.DEVICE),
    Place.ACCESS: (Spread.WAY, Spread.DEVICE, Spread.TARGET),
    Place.PROVIDER: (Spread.WAY, Spread.DEVICE, Spread.UNIT, Spread.TARGET),
    Place.PROVIDER_NAMES: (Spread.WAY, Spread.DEVICE, Spread.UNIT),
    Place.DESTINATION: (Spread.WAY, Spread.UNIT, Spread.LINE),
}
RARE = {
    **{(place, Spread.TARGET): TARGETS_ONLY for place in Place},
    (Place.ACCESS, Spread.DEVICE): DEVICES_ONLY,
}
PARTS: dict[Place, tuple[Spread, ...]] = {
    Place.DEVICE: (),
    Place.LAN: (Spread.DEVICE,),
    Place.LAN_NAMES: (Spread.DEVICE,),
    Place.ACCESS: (Spread.DEVICE,),
    Place.PROVIDER: (Spread.UNIT,),
    Place.PROVIDER_NAMES: (Spread.UNIT,),
    Place.DESTINATION: (Spread.UNIT, Spread.LINE),
}
"""Of which two at least must be affected, if two tell."""
