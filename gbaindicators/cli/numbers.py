"""Numbers as text: thousands separators, and no more decimals than say something."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import floor, log10
from typing import Final

__all__ = ["counted", "number_texts", "scale"]

_SCALES: Final = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))
_MOST_DECIMALS: Final = 4
#: A value from here on with decimals comes from arithmetic, too.
_LARGE: Final = 1e6


def scale(values: Sequence[float | None]) -> tuple[float, str]:
    """Power of ten, with its name, in which the largest of some values has at least three digits.

    Examples
    --------
    >>> scale([3.68e12, None])
    (1000000000.0, 'billion')
    >>> scale([12.5])
    (1.0, '')
    """
    largest = max((abs(v) for v in values if v is not None), default=0.0)
    return next(((factor, name) for factor, name in _SCALES if largest >= 100 * factor), (1.0, ""))


def number_texts(values: Sequence[float | None]) -> list[str]:
    """Write the values of one unit with the same number of decimals.

    Up to four decimals stand as they are; longer ones come from arithmetic and are rounded by size.

    Examples
    --------
    >>> number_texts([445527000000.0, None]), number_texts([7.1, 6.7208]), number_texts([1234.56789, 2000 / 3])
    (['445,527,000,000', ''], ['7.1000', '6.7208'], ['1,234.6', '666.7'])
    """
    present = [v for v in values if v is not None]
    decimals = max((_decimals(v) for v in present), default=0)
    if decimals > _MOST_DECIMALS or (decimals and max(map(abs, present)) >= _LARGE):
        ordered, half = sorted(map(abs, present)), len(present) // 2
        decimals = _by_size((ordered[half] + ordered[~half]) / 2)
    return ["" if v is None else f"{v:,.{decimals}f}" for v in values]


def _decimals(value: float) -> int:
    """Count the decimals of a number, apart from the last digits of a float, which are noise."""
    exponent = Decimal(f"{value:.15g}").normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _by_size(size: float) -> int:
    if size >= 1:
        return max(0, 3 - floor(log10(size))) if size < 10_000 else 0
    return 3 if size == 0 else min(10, 2 - floor(log10(size)))


def counted(number: int, what: str) -> str:
    """Write how many there are of something.

    Examples
    --------
    >>> counted(1, "area"), counted(1039, "source")
    ('1 area', '1,039 sources')
    """
    return f"{number:,} {what}{'s' * (number != 1)}"
