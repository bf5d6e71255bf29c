"""The arithmetic of composites against the handbook's own tables.

Numbers are from OECD and JRC, Handbook on Constructing Composite Indicators (2008): Table A.2 (raw data of the
Technology Achievement Index, the 23 countries of the case study), Table 15 (normalisation of mean years of school),
Tables 16 to 18 (eigenvalues, rotated loadings and weights from principal components) and section 6.11.
"""

from __future__ import annotations

import numpy as np
import pytest

from gbaindicators.comparison.integration.scores import (
    aggregated,
    equal_weights,
    normalised,
    pca_weights,
)

# patents, royalties, Internet, technology exports, telephones (log), electricity (log), schooling, university
TAI = {
    "Finland": (187, 125.6, 200.2, 50.7, 3.08, 4.15, 10, 27.4),
    "United States": (289, 130, 179.1, 66.2, 3.00, 4.07, 12, 13.9),
    "Sweden": (271, 156.6, 125.8, 59.7, 3.10, 4.14, 11.4, 15.3),
    "Japan": (994, 64.6, 49, 80.8, 3.00, 3.86, 9.5, 10),
    "Korea": (779, 9.8, 4.8, 66.7, 2.97, 3.65, 10.8, 23.2),
    "Netherlands": (189, 151.2, 136, 50.9, 3.02, 3.77, 9.4, 9.5),
    "United Kingdom": (82, 134, 57.4, 61.9, 3.02, 3.73, 9.4, 14.9),
    "Canada": (31, 38.6, 108, 48.7, 2.94, 4.18, 11.6, 14.2),
    "Australia": (75, 18.2, 125.9, 16.2, 2.94, 3.94, 10.9, 25.3),
    "Singapore": (8, 25.5, 72.3, 74.9, 2.95, 3.83, 7.1, 24.2),
    "Germany": (235, 36.8, 41.2, 64.2, 2.94, 3.75, 10.2, 14.4),
    "Norway": (103, 20.2, 193.6, 19, 3.12, 4.39, 11.9, 11.2),
    "Ireland": (106, 110.3, 48.6, 53.6, 2.97, 3.68, 9.4, 12.3),
    "Belgium": (72, 73.9, 58.9, 47.6, 2.91, 3.86, 9.3, 13.6),
    "New Zealand": (103, 13, 146.7, 15.4, 2.86, 3.91, 11.7, 13.1),
    "Austria": (165, 14.8, 84.2, 50.3, 2.99, 3.79, 8.4, 13.6),
    "France": (205, 33.6, 36.4, 58.9, 2.97, 3.80, 7.9, 12.6),
    "Israel": (74, 43.6, 43.2, 45, 2.96, 3.74, 9.6, 11),
    "Spain": (42, 8.6, 21, 53.4, 2.86, 3.62, 7.3, 15.6),
    "Italy": (13, 9.8, 30.4, 51, 3.00, 3.65, 7.2, 13),
    "Czech Republic": (28, 4.2, 25, 51.7, 2.75, 3.68, 9.5, 8.2),
    "Hungary": (26, 6.2, 21.6, 63.5, 2.73, 3.46, 9.1, 7.7),
    "Slovenia": (105, 4, 20.3, 49.5, 2.84, 3.71, 7.1, 10.6),
}
RAW = np.array(list(TAI.values()), dtype=float)
UP = np.zeros(8, dtype=bool)


@pytest.mark.parametrize(
    ("how", "printed"),
    [
        (
            "rank",
            {"Finland": 15, "United States": 23, "Japan": 12, "Ireland": 9, "Belgium": 8, "Slovenia": 1},
        ),
        ("z", {"Finland": 0.26, "United States": 1.52, "Sweden": 1.14, "Japan": -0.06, "Singapore": -1.58}),
        ("min_max", {"Finland": 0.59, "United States": 1, "Sweden": 0.88, "Japan": 0.49, "Singapore": 0}),
    ],
)
def test_normalisations_of_table_15(how, printed):
    schooling = dict(zip(TAI, normalised(RAW, how, UP, RAW)[:, 6], strict=True))
    # the printed figures are cut or rounded at the second decimal
    assert {c: schooling[c] for c in printed} == pytest.approx(printed, abs=0.0101)


def test_eigenvalues_of_table_16():
    values = np.linalg.eigvalsh(np.corrcoef(RAW, rowvar=False))[::-1]
    assert (100 * values / 8).round(1).tolist() == pytest.approx(
        [41.9, 21.8, 12.3, 11.1, 6.0, 3.7, 2.2, 0.9], abs=0.11
    )


def test_weights_of_table_18():
    # four components, as the handbook keeps "close to unity"
    assert pca_weights(RAW, components=4) == pytest.approx(
        [0.17, 0.15, 0.11, 0.07, 0.08, 0.12, 0.14, 0.16], abs=0.0101
    )


def test_by_default_components_above_one_are_kept():
    assert pca_weights(RAW) == pytest.approx(pca_weights(RAW, components=2))


def test_pca_weights_of_two_indicators_are_equal_by_hand():
    # one component with the eigenvalue 1 + r and both squared loadings (1 + r) / 2
    assert pca_weights(np.array([[1.0, 3.0], [2.0, 5.0], [3.0, 4.0]])) == pytest.approx([0.5, 0.5])


def test_pca_of_uncorrelated_indicators_gives_no_weights():
    assert pca_weights(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])) is None


def test_geometric_mean_of_section_6_11():
    scores = np.array([[21.0, 1, 1, 1], [6.0, 6, 6, 6], [21.0, 2, 1, 1]])
    assert aggregated(scores, np.full(4, 0.25), "arithmetic")[:2] == pytest.approx([6, 6])
    assert aggregated(scores, np.full(4, 0.25), "geometric") == pytest.approx([2.14, 6, 2.54], abs=0.006)


def test_less_is_better_mirrors_the_scale():
    column = np.array([[1.0], [2.0], [5.0]])
    down = np.array([True])
    assert normalised(column, "min_max", down, column).ravel().tolist() == [1.0, 0.75, 0.0]
    assert normalised(column, "rank", down, column).ravel().tolist() == [3.0, 2.0, 1.0]
    base = np.full((3, 1), 2.0)
    assert normalised(column, "base_year", down, base).ravel().tolist() == [200.0, 100.0, 40.0]


def test_weights_of_absent_values_go_to_the_others():
    scores = np.array([[1.0, np.nan, 4.0], [np.nan, np.nan, np.nan]])
    found = aggregated(scores, np.array([0.25, 0.5, 0.25]), "arithmetic")
    assert found[0] == 2.5
    assert np.isnan(found[1])


def test_equal_weights_are_equal_between_groups():
    assert equal_weights(["a", "b", "b", "b", "b"]).tolist() == [0.5, 0.125, 0.125, 0.125, 0.125]
