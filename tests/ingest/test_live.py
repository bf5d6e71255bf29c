"""The real services, one test for each: ``pytest -m live -k "[fred]"``. Keys come from the environment."""

from __future__ import annotations

import os

import polars as pl
import pytest

from gbaindicators.catalog import catalog
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.fetching import Client
from gbaindicators.ingest.sources import connector

#: Some list what they have first, and give figures after.
MOST_PAGES = 3


@pytest.mark.live
@pytest.mark.parametrize("service", sorted(catalog().services))
def test_the_service_answers_as_its_connector_expects(service: str) -> None:
    of = catalog().services[service]
    if not of.feeds:
        pytest.skip(f"no series of {service} is asked for")
    if of.key_needed and not os.environ.get(of.key):
        pytest.skip(f"{of.key} is not set")
    made = connector(service)
    request: Request | None = made.request(of.feeds, None)[0]
    figures = pl.DataFrame()
    with Client(of, environment=os.environ, report=print) as client:
        for _ in range(MOST_PAGES):
            if request is None or figures.height:
                break
            answer = client.fetch(request)
            page = made.parse(answer.body, request)
            figures, request = page.rows.filter(pl.col("value") != ""), page.following
    assert figures.height, "the answer was read, and holds no figure"
