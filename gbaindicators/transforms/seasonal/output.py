"""Reading what the program wrote: its diagnostics and its tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gbaindicators.errors import AdjustmentError
from gbaindicators.transforms.seasonal.holidays import holiday_of
from gbaindicators.transforms.seasonal.quality import find_warnings, read_quality
from gbaindicators.transforms.seasonal.result import Adjusted, Coefficient

__all__ = ["read_diagnostics", "read_output"]

_COMPONENTS: Final = {
    "d11": "adjusted", "d12": "trend", "d10": "seasonal", "d13": "irregular",
    "s11": "adjusted", "s12": "trend", "s10": "seasonal", "s13": "irregular", "s14": "transitory",
    "td": "trading_days", "hol": "holidays",
}  # fmt: skip
_OUTLIERS: Final = ("ao", "ls", "tc")
#: The program's names of regressors as its specification wants them, by the name of their group.
_VARIABLES: Final = {"Constant": "const", "1-Coefficient Trading Day": "td1coef", "Trading Day": "td"}
_ARMA: Final = {
    "AR$Nonseasonal": "AR",
    "MA$Nonseasonal": "MA",
    "AR$Seasonal": "seasonal AR",
    "MA$Seasonal": "seasonal MA",
}


def read_diagnostics(text: str) -> dict[str, str]:
    r"""Read the program's ``.udg`` file: one ``key: value`` a line.

    >>> read_diagnostics("nreg:   1\nEaster[1]$Easter[1]: +0.17E-01 +0.71E-02 +0.24E+01")
    {'nreg': '1', 'Easter[1]$Easter[1]': '+0.17E-01 +0.71E-02 +0.24E+01'}
    """
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def read_output(files: Mapping[str, str], count: int, specification: str) -> Adjusted:
    """Read the adjustment of a series of `count` figures from the files that the program wrote."""
    diagnostics = read_diagnostics(files["udg"])
    multiplicative = "Log(y)" in (diagnostics["transform"], diagnostics.get("aictrans"))
    components = {name: _table(files, kind, count) for kind, name in _COMPONENTS.items() if kind in files}
    if "adjusted" not in components:
        raise AdjustmentError(
            "X-13ARIMA-SEATS fitted a model and gave no adjusted series: SEATS finds no admissible split of it; "
            "use seats=False or another model, model='(0 1 1)(0 1 1)'"
        )
    effects = [_table(files, kind, count) for kind in _OUTLIERS if kind in files]
    if effects:
        components["outliers"] = [_combine(at, multiplicative) for at in zip(*effects, strict=True)]
    regression = _following(diagnostics, "nreg")
    regressors, holidays = _chosen(list(regression))
    model = diagnostics["arimamdl"]
    coefficients = [_coefficient(key.partition("$")[2], text) for key, text in regression.items()]
    coefficients += [
        _coefficient(_arma(key), text) for key, text in _following(diagnostics, "nmodel").items()
    ]
    quality = read_quality(diagnostics, files.get("acf", ""))
    return Adjusted(
        components=components,
        multiplicative=multiplicative,
        method=_method(diagnostics, multiplicative, model, regressors, holidays, seats="s11" in files),
        model=model,
        regressors=regressors,
        holidays=holidays,
        specification=specification,
        coefficients=coefficients,
        quality=quality,
        warnings=find_warnings(diagnostics, quality),
    )


def _table(files: Mapping[str, str], kind: str, count: int) -> list[float]:
    """Values of one of the program's tables: after two lines of heading, ``period value``."""
    values = [float(line.split()[1]) for line in files[kind].splitlines()[2:]]
    if len(values) != count:
        raise AdjustmentError(
            f"X-13ARIMA-SEATS gave {len(values)} values of its table {kind} for {count} figures: its version is not "
            "one that this package reads (1.1)"
        )
    return values


def _combine(effects: tuple[float, ...], multiplicative: bool) -> float:
    if not multiplicative:
        return sum(effects)
    product = 1.0
    for effect in effects:
        product *= effect
    return product


def _following(diagnostics: Mapping[str, str], count: str) -> dict[str, str]:
    """Lines after the one that counts them: ``nreg: 3`` is followed by three regressors."""
    lines = list(diagnostics.items())
    at = next((i for i, (key, _) in enumerate(lines) if key == count), len(lines))
    return dict(lines[at + 1 : at + 1 + int(diagnostics.get(count, 0))])


def _coefficient(name: str, text: str) -> Coefficient:
    estimate, error, t = (float(part) for part in text.split()[:3])
    return Coefficient(name, estimate, error, t)


def _arma(key: str) -> str:
    """Short name of an ARIMA parameter.

    >>> _arma("MA$Seasonal$12$12"), _arma("AR$Nonseasonal$01$01")
    ('seasonal MA(12)', 'AR(1)')
    """
    kind, _, lag = key.rpartition("$")
    return f"{_ARMA[kind.rpartition('$')[0]]}({int(lag)})"


def _chosen(regression: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Regressors as a specification names them, and the holidays of those that are ours.

    >>> _chosen(["User-defined Holiday$lny_after", "AutoOutlier$AO1993.Jan", "Trading Day$Mon", "Trading Day$Tue"])
    (('td', 'ao1993.jan'), ('lunar_new_year',))
    """
    variables: dict[str, None] = {}
    holidays: dict[str, None] = {}
    outliers = []
    for key in regression:
        group, _, name = key.partition("$")
        if group == "User-defined Holiday":
            holidays[holiday_of(name)] = None
        elif group in _VARIABLES:
            variables[_VARIABLES[group]] = None
        elif re.fullmatch(r"(AO|LS|TC)\d{4}\..+", name):
            outliers.append(name.lower())
        elif name.startswith("Easter["):
            variables[name.lower()] = None
    return (*variables, *outliers), tuple(holidays)


def _method(
    diagnostics: Mapping[str, str],
    multiplicative: bool,
    model: str,
    regressors: tuple[str, ...],
    holidays: tuple[str, ...],
    *,
    seats: bool,
) -> str:
    program = f"X-13ARIMA-SEATS {diagnostics['version']} build {diagnostics['build']}"
    parts = ["SEATS" if seats else "X-11", "multiplicative" if multiplicative else "additive", model]
    return f"seasonally adjusted by {program} ({', '.join([*parts, *holidays, *regressors])})"
