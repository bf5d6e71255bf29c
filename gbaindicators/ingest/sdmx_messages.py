"""Reading SDMX data messages as they stream by: StructureSpecificData (SDMX-ML 2.1 and 3.0) and SDMX-CSV.

The library ``sdmx1`` reads both, but without the structure definition, a message of its own, it drops the attributes of
the data set and of its groups: in the World Economic Outlook the day of the edition, the unit, and from which year on
figures are projections. And it makes an object of every observation: 200,000 of them took it a hundred times as long
as the bare XML parser and 370 MB. Here the XML parser (expat) hands over one element at a time and only the three
texts of an observation are kept; the tests hold the result against ``sdmx1``. A service that falls back on GenericData,
the older form of the same message, is read through ``sdmx1``.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

import polars as pl

from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.json_answers import refusal

__all__ = ["Message", "read_sdmx_csv", "read_structure_specific"]

# Small enough that what is read is still in the processor's cache when it is packed away: twice as fast as 65,536.
_CHUNK: Final = 1 << 12


@dataclass(frozen=True)
class Message:
    """A data message.

    Attributes
    ----------
    series
        Attributes of each series: those of the data set, of its groups and its own, by name.
    observations
        Frame with the row number of the series (``series``) and the texts ``period``, ``value`` and ``status``
        (OBS_STATUS), empty where the message has none.
    prepared
        When the message was made, as it says.
    """

    series: list[dict[str, str]]
    observations: pl.DataFrame
    prepared: str


class _BrokenError(Exception):
    """A message that is not to be read: what it has, and what to do."""


class _Reader:
    """What the parser has told so far."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.root = self.failure = self.inside = ""
        self.data_set: dict[str, str] = {}
        self.groups: list[dict[str, str]] = []
        self.series: list[dict[str, str]] = []
        self.starts: list[int] = []
        self.rows: list[dict[str, str]] = []
        self.chunks: list[pl.DataFrame] = []
        self.read = 0
        self.text: dict[str, list[str]] = {}
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self._handler()

    def _handler(self) -> Callable[[str, dict[str, str]], None]:
        keep = self.rows.append

        def start(name: str, attributes: dict[str, str]) -> None:
            if name == "Obs":
                keep(attributes)
            else:
                self.other(name.rpartition(":")[2], attributes)

        return start

    def other(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Series":
            if len(self.rows) >= _CHUNK:
                self.flush()
            self.starts.append(self.read + len(self.rows))
            self.series.append(attributes)
        elif tag == "Group":
            self.groups.append(attributes)
        elif tag == "DataSet":
            self.data_set = _plain(attributes)
        elif tag in ("Message", "ErrorMessage") and self.root:
            code, severity = attributes.get("code", ""), attributes.get("severity", "")
            self.failure = f"{code} {severity}".strip() or "an error"
        self.root = self.root or tag
        self.inside = tag
        # only these have text of interest; elsewhere the parser need not call for every line end
        self.parser.CharacterDataHandler = self.characters if tag in ("Text", "Prepared") else None

    def characters(self, text: str) -> None:
        self.text.setdefault(self.inside, []).append(text.strip())

    def flush(self) -> None:
        rows = self.rows
        columns = {
            "period": [one.get("TIME_PERIOD", "") for one in rows],
            "value": [one.get("OBS_VALUE", "") for one in rows],
            "status": [one.get("OBS_STATUS", "") for one in rows],
        }
        self.chunks.append(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))
        self.read += len(rows)
        rows.clear()

    def observations(self) -> pl.DataFrame:
        """All observations, each with the row number of its series."""
        self.flush()
        if self.read and (not self.starts or self.starts[0]):
            raise _BrokenError("observations outside a series", "ask with dimensionAtObservation=TIME_PERIOD")
        lengths = pl.Series([*self.starts, self.read], dtype=pl.Int64).diff().drop_nulls()
        numbers = pl.int_range(len(self.series), dtype=pl.UInt32, eager=True).repeat_by(lengths)
        series = numbers.explode().drop_nulls().alias("series")
        return pl.concat(self.chunks).select(series, pl.all())

    def of_groups(self, series: dict[str, str], dimensions: frozenset[str]) -> dict[str, str]:
        """Attributes of the groups that a series belongs to."""
        own: dict[str, str] = {}
        for group in self.groups:
            shared = dimensions & group.keys()
            if shared and all(group[name] == series.get(name) for name in shared):
                own |= _plain(group)
        return own


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in attributes.items() if ":" not in name}


def _refuse_empty(body: bytes, request: Request) -> None:
    if not body or body.isspace():
        raise refusal(
            request, "an empty answer", "the service has nothing for this key, or did not send it; ask again"
        )


def read_structure_specific(body: bytes, request: Request, dimensions: Iterable[str]) -> Message:
    """Read a StructureSpecificData message, of SDMX-ML 2.1 or 3.0, with the observations of each series below it.

    GenericData is read too, by the library ``sdmx1`` where it is installed. Memory holds the texts of the
    observations, never the tree of the message. A document type declaration is refused, so no entity can be declared
    that unfolds to gigabytes.

    Parameters
    ----------
    body
        The message.
    request
        What was asked, for the errors.
    dimensions
        Dimensions of the key of a series, in any order: a group belongs to the series that agree with it in these.

    Raises
    ------
    AnswerError
        When it is not XML, is cut, is another message, or says in its footer why there are no data.

    Examples
    --------
    >>> from gbaindicators.catalog import Feed
    >>> feed = Feed("imf", "gdp_real", "hong_kong", "A", "HKD", {})
    >>> message = read_structure_specific(
    ...     b'<StructureSpecificData><DataSet><Series COUNTRY="HKG"><Obs TIME_PERIOD="2023" OBS_VALUE="2.50"/>'
    ...     b'</Series></DataSet></StructureSpecificData>', Request("https://example.org", (feed,)), ["COUNTRY"])
    >>> message.series
    [{'COUNTRY': 'HKG'}]
    >>> message.observations.row(0)
    (0, '2023', '2.50', '')
    """
    _refuse_empty(body, request)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    reader = _Reader(parser)
    try:
        parser.Parse(body, True)
        observations = reader.observations()
    except expat.ExpatError as error:
        raise refusal(request, *_not_xml(body, error)) from None
    except _BrokenError as error:
        raise refusal(request, *error.args) from None
    said = " ".join(filter(None, reader.text.get("Text", ())))[:300]
    if reader.failure:
        raise refusal(request, f"{reader.failure} instead of data: {said!r}", "ask for less, or later")
    if reader.root == "GenericData":
        return _generic(body, request)
    if reader.root != "StructureSpecificData":
        what = f"a document {reader.root!r} instead of StructureSpecificData: {said!r}"
        raise refusal(request, what, "it is a message of another kind; the connector must be mended")
    named = frozenset(dimensions)
    series = [{**reader.data_set, **reader.of_groups(one, named), **one} for one in reader.series]
    return Message(series, observations, "".join(reader.text.get("Prepared", ())))


def _generic(body: bytes, request: Request) -> Message:
    """Read GenericData, whose document type was looked at before, through ``sdmx1``."""
    try:
        import sdmx
        from sdmx.exceptions import XMLParseError
    except ImportError:
        mend = "install the library that reads this form: pip install 'gbaindicators[sdmx]'"
        raise refusal(request, "a document 'GenericData' instead of StructureSpecificData", mend) from None
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it had read before it failed
            message: Any = sdmx.read_sdmx(io.BytesIO(body))
    except (XMLParseError, RuntimeError, AssertionError, KeyError, ValueError) as error:
        what = f"GenericData that sdmx1 cannot read: {str(error)[:200]}"
        raise refusal(request, what, "ask again; if it stays, the connector must be mended") from None
    series: list[dict[str, str]] = []
    rows: list[tuple[int, str, str, str]] = []
    for data_set in message.data:
        shared = _texts(data_set.attrib)
        for key, observations in data_set.series.items():
            rows += [
                (len(series), str(one.dimension["TIME_PERIOD"].value), str(one.value or ""), _texts(one.attached_attribute).get("OBS_STATUS", ""))
                for one in observations
            ]  # fmt: skip
            series.append({**shared, **_texts(key.group_attrib), **_texts(key.values), **_texts(key.attrib)})
    schema = {"series": pl.UInt32, "period": pl.String, "value": pl.String, "status": pl.String}
    prepared = message.header.prepared.isoformat() if message.header.prepared else ""
    return Message(series, pl.DataFrame(rows, schema=schema, orient="row"), prepared)


def _texts(named: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(one.value) for name, one in named.items()}


def _refuse(name: str, *_: object) -> None:
    if name.lower() == "html":
        raise _BrokenError("a page of HTML instead of data", "likely of a gateway; ask again later")
    raise _BrokenError(
        f"a document type declaration ({name[:40]!r})", "no data message has one; it was not read"
    )


def _not_xml(body: bytes, error: expat.ExpatError) -> tuple[str, str]:
    start = body[:200].lstrip()[:40]
    if not start.removeprefix(b"\xef\xbb\xbf").startswith(b"<"):
        return f"no XML: it begins {start!r}", "the service may have changed its formats"
    if start[:5].lower() == b"<html":
        return "a page of HTML instead of data", "likely of a gateway; ask again later"
    return f"XML cut or broken at line {error.lineno}: {expat.errors.messages[error.code]}", "ask again"


def read_sdmx_csv(body: bytes, request: Request, dimensions: Iterable[str]) -> pl.DataFrame:
    r"""Read an SDMX-CSV message as texts.

    Parameters
    ----------
    body
        The message.
    request
        What was asked, for the errors.
    dimensions
        Columns that must be there besides TIME_PERIOD, OBS_VALUE, OBS_STATUS and UNIT_MULT.

    Raises
    ------
    AnswerError
        When it is not CSV, is cut in the middle of a line, or lacks a column.

    Examples
    --------
    >>> from gbaindicators.catalog import Feed
    >>> feed = Feed("oecd", "gdp", "tokyo", "A", "USD", {})
    >>> read_sdmx_csv(
    ...     b"REF_AREA,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT\r\nJPN01F,2021,39.10,A,0\r\n",
    ...     Request("https://example.org", (feed,)), ["REF_AREA"]).row(0)
    ('JPN01F', '2021', '39.10', 'A', '0')
    """
    text = body.removeprefix(b"\xef\xbb\xbf")
    _refuse_empty(text, request)
    if text[:200].lstrip()[:1] in (b"<", b"{"):
        raise refusal(
            request, f"no CSV: it begins {text[:200].lstrip()[:40]!r}", "an error page; ask again later"
        )
    header = text.split(b"\n", 1)[0].decode("utf-8", "replace").strip()
    if missing := {*dimensions, "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "UNIT_MULT"} - set(
        header.split(",")
    ):
        what = f"no column {', '.join(sorted(missing))}: the CSV begins {header[:100]!r}"
        raise refusal(request, what, "the structure of the flow has changed; mend the feed")
    if not text.endswith(b"\n"):
        raise refusal(request, "CSV that ends in the middle of a line", "it was cut on the way; ask again")
    try:
        return pl.read_csv(text, infer_schema=False, empty_string_is_null=False)
    except pl.exceptions.PolarsError as error:
        raise refusal(
            request, f"CSV that cannot be read: {str(error).splitlines()[0][:200]}", "ask again"
        ) from None
