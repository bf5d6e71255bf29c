"""External regressors: series of a frame, matched by date to the periods of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from gbaindicators.catalog import frequency_code, period_text
from gbaindicators.errors import FrameError
from gbaindicators.tables.series_frame import check_unique_periods, series_keys
from gbaindicators.transforms.inputs import read_series

__all__ = ["External", "external"]


@dataclass(frozen=True, slots=True)
class External:
    """Regressors by name, each with its values by period."""

    frequency: str
    values: dict[str, dict[date, float]]
    sources: list[str]

    @property
    def names(self) -> list[str]:
        """Names of the regressors."""
        return list(self.values)

    def over(self, periods: Sequence[date], doing: str) -> NDArray[np.float64]:
        """Values (periods, regressors) in the given periods.

        Raises
        ------
        FrameError
            When a regressor has no value in some of them, which are listed.
        """
        for name, by_period in self.values.items():
            missing = [period_text(self.frequency, p) for p in periods if p not in by_period]
            if missing:
                more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
                raise FrameError(
                    f"{doing} needs the regressor {name} in {', '.join(missing[:5])}{more}, where it has no value: "
                    "give a frame that covers these periods as regressors="
                )
        return np.array([[x[p] for x in self.values.values()] for p in periods], dtype=float).reshape(
            len(periods), len(self.values)
        )

    def continued(self, frame: pl.DataFrame) -> External:
        """Add the values of another frame with the same regressors; where both have one, the new one counts."""
        more = external(frame, self.frequency)
        if len(more.values) == len(self.values) == 1:
            more = replace(more, values={self.names[0]: next(iter(more.values.values()))})
        if absent := [n for n in self.names if n not in more.values]:
            raise FrameError(
                f"the regressors lack {', '.join(absent)} (they are {', '.join(more.names)}): "
                "give the same series that the model was fitted with"
            )
        both = {name: self.values[name] | more.values[name] for name in self.names}
        return replace(self, values=both, sources=sorted({*self.sources, *more.sources}))


def external(frame: pl.DataFrame, frequency: str) -> External:
    """Read regressors from a series frame, one for each of its series.

    A regressor bears the values of the keys in which the series differ; when there is one, its indicator.

    Raises
    ------
    FrameError
        When a period is doubled, or the frame has another frequency than the series that it is to explain.

    Examples
    --------
    >>> rain = pl.DataFrame({"area": ["a", "b"], "period": [date(2023, 1, 1)] * 2, "value": [3.0, 4.0]})
    >>> external(rain, "A").over([date(2023, 1, 1)], "an example").tolist()
    [[3.0, 4.0]]
    """
    frame = read_series(frame, "regressors")
    check_unique_periods(frame)
    keys = series_keys(frame)
    if "frequency" in keys:
        codes = {frequency_code(c) for c in frame["frequency"].drop_nulls().unique()}
        if codes - {frequency}:
            raise FrameError(
                f"the regressors have frequency {', '.join(sorted(codes))}, the series {frequency}: bring them to "
                "that of the series first, gba.to_frequency(regressors, ...)"
            )
    telling = [k for k in keys if frame[k].n_unique() > 1] or [k for k in ("indicator",) if k in keys]
    values: dict[str, dict[date, float]] = {}
    for row in frame.drop_nulls("value").sort("period").iter_rows(named=True):
        name = ", ".join(str(row[k]) for k in telling) or "regressor"
        values.setdefault(name, {})[row["period"]] = row["value"]
    if not values:
        raise FrameError("the regressors have no values: see what was filtered out")
    sources = (
        frame["sources"].explode().drop_nulls().unique().sort().to_list()
        if "sources" in frame.columns
        else []
    )
    return External(frequency, values, sources)
