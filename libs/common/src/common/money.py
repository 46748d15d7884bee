"""Money: integers in minor units (分), the currency beside them."""

from collections.abc import Sequence

# ISO 4217 exponents of the currencies that do not have two decimals.
_EXPONENTS = {
    "BHD": 3,
    "CLP": 0,
    "ISK": 0,
    "JOD": 3,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "VND": 0,
    "XAF": 0,
    "XOF": 0,
}


def exponent(currency: str) -> int:
    """How many decimals the currency's major unit has."""
    return _EXPONENTS.get(currency, 2)


def format_minor(amount_minor: int, currency: str) -> str:
    """`123456, "CNY"` → `CNY 1,234.56`."""
    decimals = exponent(currency)
    sign = "-" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), 10**decimals)
    fraction = f".{rest:0{decimals}d}" if decimals else ""
    return f"{currency} {sign}{whole:,}{fraction}"


def share(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weights to the last unit (largest remainder; ties to the earlier). The parts sum to the total.

    Raises ValueError for a negative total or weight, and for a total with nothing to carry it.
    """
    whole = sum(weights)
    if total_minor < 0 or any(weight < 0 for weight in weights) or (total_minor and not whole):
        raise ValueError(f"cannot share {total_minor} over {list(weights)}")
    if not total_minor:
        return [0] * len(weights)
    parts = [total_minor * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_minor * weights[i] % whole), i))
    for index in by_remainder[: total_minor - sum(parts)]:
        parts[index] += 1
    return parts
