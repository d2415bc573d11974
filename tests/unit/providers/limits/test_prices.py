"""What answers cost."""

from __future__ import annotations

import msgspec
import pytest

from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.provider import Usage
from conduit_widget.types import Cost

PRICE = Price(input=0.15, output=0.6, currency="EUR")


def test_cost_is_the_sum_of_both_kinds_of_tokens() -> None:
    """Per million tokens, without the noise of binary fractions."""
    assert PRICE.of(Usage(1_000_000, 2_000_000)) == Cost(amount=1.35, currency="EUR")
    assert PRICE.of(Usage(3, 1)) == Cost(amount=0.00000105, currency="EUR")
    assert Price(input=0, output=0).of(Usage(5, 5)) == Cost(amount=0.0, currency="USD")


@pytest.mark.parametrize(
    "usage", [None, Usage(None, 5), Usage(5, None), Usage(-5, 1), Usage(10**400, 0)], ids=range(5)
)
def test_cost_is_unknown_where_a_count_is(usage: Usage | None) -> None:
    """Nothing is guessed from half of a count, or from one that is none."""
    assert PRICE.of(usage) is None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"input": -1, "output": 1}, "$.input"),
        ({"input": 1}, "output"),
        ({"input": 1, "output": 1, "currency": "euro"}, "$.currency"),
        ({"input": 1, "output": "1"}, "$.output"),
        ({"input": 1, "output": 1, "per": 1000}, "per"),
    ],
)
def test_wrong_price_is_refused_by_the_name_of_its_field(fields: dict[str, object], named: str) -> None:
    """As configuration is read."""
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(fields, Price)
    assert named in str(refused.value)
