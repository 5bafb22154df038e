"""Every scenario of the study, in the order of the page, with the gates that it must keep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from calibration import agreement, gains, history, kinds, monitor, noisy, nulls, numbers, power, recommending
from calibration.study import Gate, Outcomes, Scenario

__all__ = ["SCENARIOS"]

ALARMS = Gate(high=0.067)
COVERS = Gate(low=0.93, high=0.98)


def _ten(world: Callable[..., Outcomes], block: int, **how: object) -> list[Outcomes]:
    return [world(number, **how) for number in range(10 * block, 10 * block + 10)]


def _worlds(name: str, world: Callable[..., Outcomes], gates: dict[str, Gate], **how: object) -> Scenario:
    return Scenario(name, partial(_ten, world, **how), world.__module__, gates)


SCENARIOS = (
    _worlds(
        "aa",
        nulls.aa,
        dict.fromkeys((*nulls.METRICS, "told helps or harms"), ALARMS) | {"where 30 rows and more differ": Gate(0.01, 0.067)},
    ),
    *(
        _worlds(f"drop-{kind}-{n_rows}", nulls.drop, {"told apart": Gate(high=0.08)}, n_rows=n_rows, kind=kind)
        for kind in nulls.KINDS
        for n_rows in (400, 2000)
    ),
    Scenario("fixes", gains.fixes, gains.__name__, dict.fromkeys(gains.METRICS, COVERS)),
    Scenario(
        "minority", gains.minority, gains.__name__, {f"{gains.RARE}, S 10, n 2000/{metric}": COVERS for metric in gains.METRICS}
    ),
    Scenario("grouped", gains.grouped, gains.__name__, {f"{gains.SAID}/{metric}": COVERS for metric in gains.METRICS}),
    Scenario("noisy", noisy.noisy, noisy.__name__, {"verified labels: covered": Gate(low=0.93)}),
    _worlds("power", power.power, {"every learner/told helps": Gate(0.70, 0.92)}),
    _worlds("history", history.history, {"false share of what was found": Gate(high=0.05)}),
    _worlds("kind", kinds.kind, {"covered": Gate(low=0.93)}),
    _worlds("shuffled", kinds.shuffled, {"told apart": ALARMS}),
    Scenario("numbers", numbers.errors, numbers.__name__, dict.fromkeys(numbers.METRICS, COVERS)),
    _worlds("agreement", agreement.agreeing, {agreement.COVERED: COVERS}),
    _worlds(
        "monitor",
        monitor.monitored,
        {f"{name}, nothing has changed/{monitor.ALARM}": Gate(high=0.0175) for name in monitor.SOURCES}
        | dict.fromkeys((monitor.EXPECTED, monitor.QUEUED), Gate(low=0.93)),
    ),
    Scenario(
        "recommend",
        recommending.recommended,
        recommending.__name__,
        {f"{recommending.ALL}/{on} labels: {recommending.LOWERED}": Gate(high=0.05) for on in ("given", "verified")},
        per_block=1,
        worlds=12 * len(recommending.cells()),
    ),
)
