"""Results of an alert are read as splunkd writes them, whatever is in the file."""

from __future__ import annotations

import gzip

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path
from hypothesis import given
from hypothesis import strategies as some

from ipthreat.errors import EventsError
from ipthreat.splunk.alert_results import Results
from ipthreat.splunk.protocol import body_of, table_from


def written(folder, data, name="results.csv.gz"):
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


TEXT = some.text(some.characters(blacklist_categories=("Cs",), blacklist_characters="\0\r"), max_size=12)
VALUE = TEXT | some.lists(TEXT, min_size=2, max_size=3)


@given(some.lists(some.fixed_dictionaries({"a": VALUE, 'b "x"': VALUE}), min_size=1, max_size=5))
def test_what_splunkd_writes_is_read_back(tmp_path_factory, rows):
    path = written(tmp_path_factory.mktemp("r"), body_of(table_from(("a", 'b "x"'), rows)))
    assert list(Results(path)) == rows


@given(some.binary(max_size=200))
def test_no_file_makes_it_fail_otherwise_than_in_one_sentence(tmp_path_factory, data):
    for name in ("x.csv", "x.csv.gz"):
        results = Results(written(tmp_path_factory.mktemp("r"), data, name))
        for row in results:
            assert isinstance(row, dict)
    bad = tmp_path_factory.mktemp("r") / "bad.csv.gz"
    bad.write_bytes(data)
    try:
        list(Results(bad))
    except EventsError as error:
        assert "cannot be read" in str(error)  # noqa: PT017  # most data are no gzip, some are empty


@pytest.mark.parametrize("name", ["plain.csv", "packed.csv.gz"])
def test_the_columns_of_several_values_win_over_the_plain_ones(tmp_path, name):
    data = b'src_ip,n,__mv_src_ip,__mv_n\n"a\nb",1,$a$;$b$$c$,\n'
    assert list(Results(written(tmp_path, data, name))) == [{"src_ip": ["a", "b$c"], "n": "1"}]


def test_short_rows_and_nul_are_taken_as_they_are(tmp_path):
    assert list(Results(written(tmp_path, b"a,b\n1\n2\0,3,4\n"))) == [{"a": "1", "b": ""}, {"a": "2\ufffd", "b": "3"}]


def test_a_file_that_is_cut_short_is_told_after_its_rows(tmp_path):
    lines = b"a,b\n" + b"".join(b"%d,%x\n" % (number, number * 7919) for number in range(50_000))
    path = written(tmp_path, lines)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    results = Results(path)
    assert 1000 < sum(1 for _ in results) < 50_000
    assert "cannot be read" in results.problem


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(EventsError, match="No such file"):
        list(Results(tmp_path / "gone.csv.gz"))
