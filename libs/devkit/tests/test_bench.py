"""What the bench says, and the statements by which it compares."""

import json

from devkit.bench.desk import VISITS, _is_whole
from devkit.bench.raw import _at_once
from devkit.bench.results import Result, as_json, by, table


def test_a_result_says_what_share_of_its_limit_it_is():
    result = Result("bookings", 310, "per second", 620, "PostgreSQL alone")
    assert result.share == 0.5
    assert "0.50 of 620.00 (PostgreSQL alone)" in table([result])


def test_a_result_without_a_limit_has_no_share():
    result = Result("bookings", 310, "per second", notes="beside nothing")
    assert result.share is None
    assert table([result]).endswith("per second   beside nothing")
    assert json.loads(as_json([result]))[0]["share"] is None


def test_one_client_is_one_client():
    assert [by(1), by(16)] == ["1 client", "16 clients"]


def test_the_same_rows_are_inserted_by_one_statement_and_the_outbox_numbers_its_own():
    statement, values = _at_once(
        [("patients", {"patient_id": 1, "card": b"x"}), ("outbox", {"seq": 7, "body": b"y"})]
    )
    assert statement == (
        "WITH part0 AS (INSERT INTO patients (patient_id, card) VALUES ($1, $2))"
        " INSERT INTO outbox (body) VALUES ($3)"
    )
    assert values == [1, b"x", b"y"]


def test_a_board_counts_only_where_every_owner_has_answered_about_every_visit():
    row = {"patient": {"status": "ok"}, "alerts": {"status": "ok"}, "message": "delivered", "balances": []}
    whole = {"unavailable": [], "rows": [row] * VISITS}
    assert _is_whole(200, whole)
    for lacking in (
        whole | {"unavailable": ["notifications"]},
        whole | {"rows": [row] * (VISITS - 1)},
        whole | {"rows": [row] * (VISITS - 1) + [row | {"message": "unknown"}]},
        whole | {"rows": [row] * (VISITS - 1) + [row | {"balances": None}]},
    ):
        assert not _is_whole(200, lacking)
