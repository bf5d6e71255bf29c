"""The replay server: every connector's requests are answered, as recorded or with the service's own error."""

from __future__ import annotations

import gzip
import http.client
import json
import urllib.error
import urllib.request
from collections import defaultdict
from urllib.parse import quote, urlencode, urlsplit

import pytest

from gbaindicators.catalog import catalog
from gbaindicators.errors import AnswerError
from gbaindicators.ingest.exchange import Request
from gbaindicators.ingest.sources import connector
from tests.ingest.replay import FAULTS, IMMIGRATION, ROUTES, Replay

KEY = "0123456789abcdef0123456789abcdef"


def asked(base: str, request: Request, key: str = KEY, **headers: str) -> urllib.request.Request:
    query = dict(request.query) | (
        {request.key: key} if request.key and ":" not in request.key and key else {}
    )
    data = None
    if request.form is not None:
        data = urlencode(request.form).encode()
    elif request.json is not None:
        data = json.dumps(request.json).encode()
    url = request.url.replace("https://", f"{base}/") + (
        "?" + urlencode(query, quote_via=quote) if query else ""
    )
    return urllib.request.Request(url, data=data, headers={**request.headers, **headers})


def fetched(base: str, request: Request, **more: str) -> tuple[int, bytes]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    if request.before:
        opener.open(asked(base, Request(request.before, ())), timeout=10).close()
    try:
        with opener.open(asked(base, request, **more), timeout=10) as answer:
            body = answer.read()
            return answer.status, gzip.decompress(body) if answer.headers.get("Content-Encoding") else body
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def read_all(base: str, service: str) -> tuple[set[str], dict[str, str]]:
    """Feeds of the service that were read, and the error for each other one."""
    read, refused = set(), {}
    of, made = catalog().services[service], connector(service)
    for feed in of.feeds:
        for request in made.request((feed,), None):
            following: Request | None = request
            while following is not None:
                status, body = fetched(base, following)
                if not 200 <= status < 300:
                    refused[feed.id] = f"{status}: {body[:100]!r}"
                    break
                try:
                    page = made.parse(body, following)
                except AnswerError as error:
                    refused[feed.id] = str(error)
                    break
                read |= set(page.rows["feed"].unique())
                following = page.following
    return read, refused


#: How many feeds have a recording; the others are answered with the service's error for what it does not have.
READ = {"fred": 1, "alfred": 1, "dsec": 2, "nbs": 1}


@pytest.mark.parametrize("service", sorted(catalog().services))
def test_what_is_recorded_is_read_and_the_rest_is_refused_in_the_services_words(service: str) -> None:
    with Replay() as base:
        read, refused = read_all(base, service)
    assert read | set(refused) == {one.id for one in catalog().services[service].feeds}
    assert len(read) >= READ.get(service, 0), refused
    assert not [one for one in refused.values() if one.startswith(("404: b'<html", "500"))], refused


def test_every_service_has_a_route() -> None:
    hosts = {urlsplit(one.base).hostname for one in catalog().services.values()}
    assert hosts <= set(ROUTES)


def test_file_that_is_known_is_not_sent_again() -> None:
    request = Request(IMMIGRATION, ())
    with Replay() as base:
        with urllib.request.urlopen(asked(base, request), timeout=10) as answer:
            tag, day = answer.headers["ETag"], answer.headers["Last-Modified"]
            assert answer.status == 200
        assert fetched(base, request, **{"If-None-Match": tag})[0] == 304
        assert fetched(base, request, **{"If-Modified-Since": day})[0] == 304
        assert fetched(base, request, **{"If-None-Match": '"other"'})[0] == 200


def test_keys_are_wanted_and_echoed_as_the_services_do() -> None:
    fred = connector("fred").request(catalog().services["fred"].feeds[:1], None)[0]
    bea = connector("bea").request(catalog().services["bea"].feeds, None)[0]
    with Replay() as base:
        status, body = fetched(base, fred, key="")
        assert status == 400 and b"not registered" in body
        assert b"APIErrorCode" in fetched(base, bea, key="")[1]
        assert KEY.encode() in fetched(base, bea)[1]


def test_pages_of_the_world_bank_add_up() -> None:
    rows = defaultdict(list)
    with Replay() as base:
        for page in (1, 2):
            query = {"format": "json", "per_page": "1", "page": str(page)}
            url = "https://api.worldbank.org/v2/country/MEX/indicator/NY.GDP.MKTP.CD"
            head, part = json.loads(fetched(base, Request(url, (), query=query))[1])
            rows[head["total"], head["pages"]] += part
    assert [one["date"] for one in rows[2, 2]] == ["2025", "2024"]


def test_faults_come_once_each_and_then_the_answer() -> None:
    request = Request(IMMIGRATION, ())
    faults = {
        "www.immd.gov.hk": [
            FAULTS["forbidden"],
            FAULTS["too_many_come_back"],
            FAULTS["server_error"],
            FAULTS["empty"],
        ]
    }
    with Replay(faults) as base:
        assert [fetched(base, request)[0] for _ in range(5)] == [403, 429, 500, 200, 200]
        assert fetched(base, request)[1].startswith(b"\xef\xbb\xbfDate,Control Point")


@pytest.mark.parametrize("name", ["cut", "longer_length"])
def test_answer_that_ends_early(name: str) -> None:
    with Replay({"www.immd.gov.hk": [FAULTS[name]]}) as base, pytest.raises(http.client.IncompleteRead):
        urllib.request.urlopen(asked(base, Request(IMMIGRATION, ())), timeout=10).read()


def test_endless_answer_and_bomb_are_sent_in_pieces() -> None:
    with Replay({"www.immd.gov.hk": [FAULTS["endless"], FAULTS["gzip_bomb"]]}) as base:
        for length in (2 << 30, 2_100_000):
            with urllib.request.urlopen(asked(base, Request(IMMIGRATION, ())), timeout=10) as answer:
                assert abs(int(answer.headers["Content-Length"]) / length - 1) < 0.05
                assert len(answer.read(10_000)) == 10_000


def test_redirect_loop_comes_back_to_where_it_was_asked() -> None:
    with Replay({"www.immd.gov.hk": [FAULTS["redirect_loop"]]}) as base:
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
        connection.request("GET", IMMIGRATION.replace("https:/", ""))
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Location"]) == (302, IMMIGRATION)
        connection.close()
