"""The arithmetic of a composite indicator: normalisation, weights and aggregation of a matrix of units by indicators.

References
----------
OECD and JRC, *Handbook on Constructing Composite Indicators: Methodology and User Guide*, OECD Publishing, 2008,
steps 5 (normalisation) and 6 (weighting and aggregation).
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "NORMALISATIONS",
    "Aggregation",
    "Normalisation",
    "aggregated",
    "equal_weights",
    "normalised",
    "pca_weights",
]

Array = npt.NDArray[np.float64]
Normalisation = Literal["min_max", "z", "rank", "base_year"]
Aggregation = Literal["arithmetic", "geometric"]
#: Ways of bringing indicators to one scale.
NORMALISATIONS: Final[tuple[Normalisation, ...]] = ("min_max", "z", "rank", "base_year")
#: Eigenvalues of a correlation matrix come with rounding errors of this size.
_ROUNDING: Final = 1e-9


def normalised(values: Array, how: Normalisation, falling: npt.NDArray[np.bool_], base: Array) -> Array:
    """Bring the columns of a matrix to one scale on which more is better.

    Parameters
    ----------
    values
        Units by indicators; nan where a unit has no value.
    how
        ``"min_max"`` 0 to 1; ``"z"`` distance from the mean in (sample) standard deviations; ``"rank"`` 1 for
        the lowest, ties sharing the lower rank; ``"base_year"`` 100 times the value over that of the base.
    falling
        Columns in which less is better.
    base
        Value of the base for each cell; read by ``"base_year"`` only.

    Examples
    --------
    >>> normalised(np.array([[1.0], [2.0], [5.0]]), "min_max", np.array([False]), np.empty((3, 1))).ravel().tolist()
    [0.0, 0.25, 1.0]
    """
    if how == "base_year":
        return 100 * np.where(falling, base / values, values / base)
    # min-max and z of the negated values are the mirrored ones
    signed = np.where(falling, -values, values)
    if how == "rank":
        from scipy.stats import rankdata

        return np.asarray(rankdata(signed, method="min", axis=0, nan_policy="omit"), dtype=np.float64)
    if how == "z":
        return np.asarray((signed - np.nanmean(signed, axis=0)) / np.nanstd(signed, axis=0, ddof=1))
    low = np.nanmin(signed, axis=0)
    return np.asarray((signed - low) / (np.nanmax(signed, axis=0) - low))


def equal_weights(groups: list[str]) -> Array:
    """Weights that are equal between groups and, within each group, equal between its indicators.

    Parameters
    ----------
    groups
        Group of each indicator.

    Examples
    --------
    >>> equal_weights(["people", "goods", "goods"]).tolist()
    [0.5, 0.25, 0.25]
    """
    return np.array([1 / (len(set(groups)) * groups.count(g)) for g in groups])


def pca_weights(values: Array, components: int | None = None) -> Array | None:
    """Weights from the principal components of the correlations, as Nicoletti, Scarpetta and Boylaud (2000) make them.

    The components with an eigenvalue above one are rotated (varimax). An indicator belongs to the component on which
    it loads most, and its weight is its squared loading there; what the component explains of the variance is thereby
    shared out by squared loadings. Weights are scaled to sum to one.

    Parameters
    ----------
    values
        Units by indicators, complete and not constant.
    components
        How many components to keep; by default those with an eigenvalue above one.

    Returns
    -------
    numpy.ndarray or None
        Weights; None when no eigenvalue is above one, that is, when the indicators are not correlated.

    References
    ----------
    OECD and JRC (2008), section 6.1; Nicoletti, G., S. Scarpetta and O. Boylaud, "Summary indicators of product market
    regulation with an extension to employment protection legislation", OECD Economics Department Working Paper 226.

    Examples
    --------
    >>> pca_weights(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 7.0]])).round(6).tolist()
    [0.5, 0.5]
    """
    if values.shape[1] == 1:
        return np.ones(1)
    eigenvalues, vectors = np.linalg.eigh(np.corrcoef(values, rowvar=False))
    eigenvalues, vectors = eigenvalues[::-1], vectors[:, ::-1]
    kept = int((eigenvalues > 1 + _ROUNDING).sum()) if components is None else components
    if not kept:
        return None
    squared = _varimax(vectors[:, :kept] * np.sqrt(eigenvalues[:kept])) ** 2
    # squared / explained is the indicator's share in its component, explained / total the component's in the index
    weights = squared.max(axis=1)
    return np.asarray(weights / weights.sum())


def _varimax(loadings: Array) -> Array:
    """Rotate loadings so that each indicator loads on few components (Kaiser 1958, without row normalisation)."""
    rows, columns = loadings.shape
    rotation, reached = np.eye(columns), 0.0
    for _ in range(200):
        rotated = loadings @ rotation
        left, singular, right = np.linalg.svd(
            loadings.T @ (rotated**3 - rotated * (rotated**2).sum(axis=0) / rows)
        )
        rotation = left @ right
        if singular.sum() <= reached * (1 + _ROUNDING):
            break
        reached = singular.sum()
    return np.asarray(loadings @ rotation)


def aggregated(scores: Array, weights: Array, how: Aggregation) -> Array:
    """Weighted mean of each row; cells without a value are left out and the other weights scaled up.

    Parameters
    ----------
    scores
        Units by indicators, above zero for the geometric mean.
    weights
        Weight of each indicator.
    how
        ``"arithmetic"`` or ``"geometric"``.

    Returns
    -------
    numpy.ndarray
        One score for each unit, nan for a unit without any value.

    Examples
    --------
    >>> aggregated(np.array([[1.0, 4.0]]), np.array([0.5, 0.5]), "geometric").tolist()
    [2.0]
    """
    there = np.isfinite(scores)
    shares = there * weights
    total = shares.sum(axis=1)
    parts = np.where(there, np.log(np.where(there, scores, 1.0)) if how == "geometric" else scores, 0.0)
    mean = np.divide((parts * shares).sum(axis=1), total, out=np.full(len(scores), np.nan), where=total > 0)
    return np.asarray(np.exp(mean) if how == "geometric" else mean)
