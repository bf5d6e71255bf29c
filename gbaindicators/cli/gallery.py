"""The batch of gba chart --all: a subject for each kind of chart, from the list in gallery.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gbaindicators.errors import GbaError

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

__all__ = ["gallery", "subjects"]

_LIST: Final = Path(__file__).with_name("gallery.toml")


def subjects() -> Mapping[str, Mapping[str, Any]]:
    """Read the list: by name of the file, what is drawn.

    >>> subjects()["map"]["indicator"]
    'gdp_per_capita'
    """
    return {name: {"kind": name, **what} for name, what in tomllib.loads(_LIST.read_text("utf-8")).items()}


def gallery(lang: str) -> Iterator[tuple[str, go.Figure | GbaError]]:
    """Draw one subject after another from the database in use; one that cannot be drawn gives its error."""
    from gbaindicators import charts

    for name, what in subjects().items():
        try:
            given = _MADE[what.get("made", "")](what)
            yield name, getattr(charts, what["kind"])(*given, lang=lang, **what.get("drawn", {}))
        except GbaError as error:
            yield name, error


def _read(what: Mapping[str, Any]) -> pl.DataFrame:
    """Figures of a subject, in one currency where it names one."""
    from gbaindicators import store, transforms

    areas = transforms.members(what["members"]) if "members" in what else what.get("areas")
    period: dict[str, Any] = {key: what.get(key) for key in ("frequency", "start", "end")}
    frame = store.load(what["indicator"], areas, **period)
    return transforms.convert(frame, what["to"]) if "to" in what else frame


def _as_read(what: Mapping[str, Any]) -> tuple[Any, ...]:
    return (_read(what),)


def _beside(what: Mapping[str, Any]) -> tuple[Any, ...]:
    """Two indicators of the same areas."""
    return _read(what), _read({**what, **what["with"]})


def _forecast(what: Mapping[str, Any]) -> tuple[Any, ...]:
    from gbaindicators import forecasting

    frame = _read(what)
    return frame, forecasting.forecast(frame, **what["with"])


def _seasonal_adjustment(what: Mapping[str, Any]) -> tuple[Any, ...]:
    from gbaindicators import transforms

    return (transforms.seasonal_adjustment(_read(what)),)


def _contributions(what: Mapping[str, Any]) -> tuple[Any, ...]:
    from gbaindicators import transforms

    return (transforms.contributions(_read(what)),)


def _gap(what: Mapping[str, Any]) -> tuple[Any, ...]:
    from gbaindicators import comparison

    return (comparison.gap(what["indicator"], **what["with"]),)


def _sensitivity(what: Mapping[str, Any]) -> tuple[Any, ...]:
    from gbaindicators import comparison

    return (comparison.sensitivity(what["indicator"]),)


def _revisions(what: Mapping[str, Any]) -> tuple[Any, ...]:
    from gbaindicators import transforms

    return (transforms.revisions(what["indicator"], **what["with"]),)


def _nowcasts(what: Mapping[str, Any]) -> tuple[Any, ...]:
    """The later nowcast and the earlier one."""
    from gbaindicators import forecasting

    given = what["with"]
    target, monthly = forecasting.nowcast_inputs(given["area"])
    later, earlier = (
        forecasting.nowcast(target, monthly, as_of=given[when]) for when in ("later", "earlier")
    )
    return later, earlier


def _effect(what: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an opening did to weekly figures, whose weekdays are those of a shut boundary before it."""
    from gbaindicators import comparison, transforms

    weeks = transforms.to_frequency(_read(what), "W").drop_nulls("value")
    given = what["with"]
    return (
        comparison.policy_effect(
            weeks, given["area"], given["when"], method="interrupted", placebo=None, log=True
        ),
    )


_MADE: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]] = {
    "": _as_read, "beside": _beside, "contributions": _contributions, "effect": _effect, "forecast": _forecast, "gap": _gap,
    "nowcasts": _nowcasts, "revisions": _revisions, "seasonal_adjustment": _seasonal_adjustment, "sensitivity": _sensitivity,
}  # fmt: skip
