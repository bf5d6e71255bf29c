"""Daily passengers: the published file, cut to two days, byte for byte (its last line end included)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gbaindicators.catalog import catalog, datasets_dir
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import PAGE, Request
from gbaindicators.ingest.sources import immd

RECORDED = Path(__file__).parents[1] / "recordings" / "immd" / "statistics_on_daily_passenger_traffic.csv"
BODY = RECORDED.read_bytes()
# The cut file lacks Tuen Mun, which has closed.
FEEDS = tuple(one for one in catalog().services["immd"].feeds if one.area != "hk_tuen_mun_ferry_terminal")


def asked(since: date | None = None) -> Request:
    (request,) = immd.request(FEEDS, since)
    return request


def figure(page: pl.DataFrame, indicator: str, area: str, day: str = "2026-03-08") -> str:
    return str(page.filter(feed=f"{indicator}/{area}/D/nsa", period=day)["value"].item())


def test_the_recorded_days_are_read() -> None:
    page = immd.parse(BODY, asked())
    assert page.rows.schema == pl.Schema(PAGE)
    assert page.rows.height == (BODY.count(b"\r\n") - 1) * 4
    assert (page.notes, page.objections, page.following) == ((), (), None)
    assert figure(page.rows, "crossings_arrivals", "hk_airport") == "66028"
    assert figure(page.rows, "crossings_departures_mainland", "hk_shenzhen_bay") == "19340"
    assert figure(page.rows, "crossings_arrivals_other", "hk_airport", "2021-01-01") == "9"
    assert figure(page.rows, "crossings_arrivals", "hk_sha_tau_kok") == "0"
    first = page.rows.filter(feed="crossings_arrivals/hk_airport/D/nsa", period="2021-01-01")
    assert first.select("unit", "scale", "status", "vintage", "locator").row(0) == (
        "persons",
        "0",
        "A",
        "",
        "row 1",
    )


def test_the_classes_of_each_direction_add_up_to_its_total() -> None:
    rows = immd.parse(BODY, asked()).rows.with_columns(
        pl.col("feed").str.extract("^crossings_(arrivals|departures)").alias("direction"),
        pl.col("feed").str.contains("^crossings_(?:arrivals|departures)/").alias("total"),
        pl.col("feed").str.extract("/([^/]+)/D").alias("area"),
        pl.col("value").cast(pl.Int64),
    )
    sums = rows.group_by("direction", "area", "period").agg(
        pl.col("value").filter("total").sum().alias("whole"),
        pl.col("value").filter(~pl.col("total")).sum().alias("parts"),
    )
    assert (sums["whole"] == sums["parts"]).all()
    assert sums.filter(period="2026-03-08", direction="arrivals")["whole"].sum() == sum(
        int(line.split(b",")[6])
        for line in BODY.splitlines()
        if line.startswith(b"08-03-2026") and b",Arrival," in line
    )


def test_the_whole_file_gives_the_figures_that_ship() -> None:
    shipped = pl.read_csv(datasets_dir() / "crossings" / "hk_daily_crossings.csv", infer_schema=False).filter(
        source="immd_csv_vila_c"
    )
    body = (
        shipped.drop("source").with_columns(pl.lit("").alias("")).write_csv(line_terminator="\r\n").encode()
    )
    (request,) = immd.request(catalog().services["immd"].feeds, None)
    page = immd.parse(b"\xef\xbb\xbf" + body, request)
    assert page.rows.height == 4 * 56_424
    assert (page.notes, page.objections) == ((), ())
    assert page.rows.select("feed", "period").is_unique().all()
    total = page.rows.filter(pl.col("feed").str.contains("^crossings_(?:arrivals|departures)/"))
    assert total["value"].cast(pl.Int64).sum() == shipped["Total"].cast(pl.Int64).sum()
    # One series runs through the change of name on 2026-01-01.
    ferry = page.rows.filter(feed="crossings_arrivals/hk_macao_ferry_terminal/D/nsa")
    assert ferry.height == (date(2026, 3, 8) - date(2021, 1, 1)).days + 1


def test_both_names_of_the_macao_ferry_terminal_are_one_area() -> None:
    old = BODY.replace(b"Macao Ferry", b"Macau Ferry")
    assert immd.parse(old, asked()).rows.equals(immd.parse(BODY, asked()).rows)


def test_a_control_point_that_nobody_knows_is_an_objection_and_its_rows_stay_out() -> None:
    page = immd.parse(BODY + b"08-03-2026,Liantang,Arrival,1,2,3,6,\r\n", asked())
    (objection,) = page.objections
    assert "'Liantang' (row 37)" in objection
    assert page.rows.equals(immd.parse(BODY, asked()).rows)


def test_points_that_were_not_asked_for_are_no_strangers() -> None:
    (request,) = immd.request([one for one in FEEDS if one.area == "hk_lo_wu"], None)
    page = immd.parse(BODY, request)
    assert page.objections == ()
    assert page.rows.height == 2 * 8


def test_a_renamed_control_point_is_missed_by_its_old_name() -> None:
    with pytest.raises(AnswerError, match="hk_airport"):
        immd.parse(BODY.replace(b"Airport", b"Chek Lap Kok"), asked())


def test_only_days_since_are_kept_and_closed_points_are_still_no_error() -> None:
    page = immd.parse(BODY, asked(date(2026, 1, 1)))
    assert set(page.rows["period"]) == {"2026-03-08"}
    assert page.rows.filter(pl.col("feed").str.contains("hk_hung_hom")).is_empty()
    assert immd.parse(BODY, asked(date(2027, 1, 1))).rows.schema == pl.Schema(PAGE)


def test_a_point_without_rows_on_the_last_day_is_noted() -> None:
    day = b"".join(
        line for line in BODY.splitlines(True) if line.startswith(b"08-03-2026") and b"Harbour" not in line
    )
    (note,) = immd.parse(BODY + day.replace(b"08-03-2026", b"09-03-2026"), asked()).notes
    assert "hk_harbour_control on 2026-03-09" in note


def test_a_total_that_is_not_the_sum_is_an_objection() -> None:
    (objection,) = immd.parse(
        BODY.replace(b"35852,9906,20270,66028", b"35852,9906,20270,66029"), asked()
    ).objections
    assert "row 9: Airport, Arrival, 08-03-2026" in objection


def test_thousands_separators_and_the_order_of_rows_change_nothing() -> None:
    usual = immd.parse(BODY, asked()).rows.drop("locator")
    assert immd.parse(BODY.replace(b",66028,", b',"66,028",'), asked()).rows.drop("locator").equals(usual)
    header, *lines = BODY.splitlines(True)
    turned = immd.parse(header + b"".join(reversed(lines)), asked()).rows.drop("locator")
    assert turned.sort("feed", "period").equals(usual.sort("feed", "period"))


def test_rows_that_repeat_are_taken_once_and_those_that_differ_are_refused() -> None:
    line = b"08-03-2026,Airport,Arrival,35852,9906,20270,66028,\r\n"
    assert immd.parse(BODY + line, asked()).rows.height == immd.parse(BODY, asked()).rows.height
    with pytest.raises(AnswerError, match="Airport on 08-03-2026"):
        immd.parse(BODY + line.replace(b"66028", b"66029"), asked())


def test_a_new_column_is_noted_and_a_missing_trailing_comma_is_nothing() -> None:
    header, *lines = BODY.splitlines()
    longer = b"\r\n".join([header + b"Remarks", *(line + b"x" for line in lines), b""])
    assert immd.parse(longer, asked()).notes == ("the file has the new column 'Remarks'",)
    shorter = b"\r\n".join([line.removesuffix(b",") for line in (header, *lines)] + [b""])
    assert immd.parse(shorter, asked()).rows.equals(immd.parse(BODY, asked()).rows)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Other Visitors", b"Others", "Other Visitors"),
        (b"08-03-2026,Lo Wu,Arrival", b"2026-03-08,Lo Wu,Arrival", "2026-03-08"),
        (b"08-03-2026,Lo Wu", b"31-02-2026,Lo Wu", "31-02-2026"),
        (b"08-03-2026,Lo Wu", b"8-3-2026,Lo Wu", "8-3-2026"),
        (b"08-03-2026,Lo Wu", b"08-03--026,Lo Wu", "08-03--026"),
        (b"08-03-2026,Lo Wu,Departure", b"08-03-2026,Lo Wu,Transit", "Transit"),
        (b",119706,", b",N.A.,", "N.A."),
        (b",119706,", b",-5,", "-5"),
        (b",119706,", b",,", "empty"),
        (b"08-03-2026,Lo Wu,Departure,83538,20073,1125,104736,\r\n", b"", "one direction"),
    ],
)
def test_what_is_not_the_published_form_is_refused(old: bytes, new: bytes, said: str) -> None:
    with pytest.raises(AnswerError, match=said):
        immd.parse(BODY.replace(old, new), asked())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xef\xbb\xbf<!DOCTYPE html><html></html>\n",
        BODY.splitlines(True)[0],
        b"\xff\xfe\x00\n",
        b"{}\n",
    ],
)
def test_what_is_no_file_is_refused(body: bytes) -> None:
    with pytest.raises(AnswerError, match="asked for crossings_arrivals/hk_airport"):
        immd.parse(body, asked())


@given(st.integers(min_value=1, max_value=len(BODY) - 1))
def test_a_file_cut_within_a_line_is_refused(length: int) -> None:
    body = BODY[:length]
    if not body.endswith(b"\n"):
        with pytest.raises(AnswerError):
            immd.parse(body, asked())


def test_the_feeds_are_the_counts_of_every_control_point_of_the_catalogue() -> None:
    feeds = catalog().services["immd"].feeds
    points = {
        one.id: one
        for one in catalog().areas.values()
        if one.level == "control_point" and one.parent == "hong_kong"
    }
    assert {one.area for one in feeds} == set(points)
    assert len(feeds) == 8 * len(points)
    for one in feeds:
        names = one.code["area"]
        assert all(
            catalog().area(name).id == one.area for name in ((names,) if isinstance(names, str) else names)
        )


def test_one_request_asks_for_everything() -> None:
    (request,) = immd.request(FEEDS, date(2026, 1, 1))
    assert request.url == (
        "https://www.immd.gov.hk/opendata/eng/transport/immigration_clearance/statistics_on_daily_passenger_traffic.csv"
    )
    assert request.about == date(2026, 1, 1)
    assert replace(request, about=None) == asked()
