"""From the periods that figures are published for to shorter ones: temporal disaggregation and benchmarking."""

from gbaindicators.transforms.disaggregation.disaggregating import (
    Disaggregation,
    disaggregate,
    disaggregation_model,
)

__all__ = ["Disaggregation", "disaggregate", "disaggregation_model"]
