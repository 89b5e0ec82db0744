"""The options of `| ipthreatreport`: what is left out has its default, what is wrong its sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.errors import InputError
from ipthreat.splunk.reporting_options import FORMS, ReportOptions


def test_nothing_given_is_the_threat_report_on_all_addresses():
    assert ReportOptions.checked({}, []) == ReportOptions("threat", None, "Suspicious IP Addresses", "TLP:AMBER", 0)


@pytest.mark.parametrize("form", FORMS)
def test_a_format_is_taken_in_any_case(form):
    assert ReportOptions.checked({"format": form.upper()}, []).format == form


@pytest.mark.parametrize("text", ["green", "GREEN", "tlp:green", "TLP:GREEN"])
def test_a_label_may_come_without_its_prefix(text):
    assert ReportOptions.checked({"tlp": text}, []).tlp == "TLP:GREEN"


def test_a_title_is_one_line_of_a_bounded_length():
    assert ReportOptions.checked({"title": " a\n b "}, []).title == "a b"
    assert len(ReportOptions.checked({"title": "x" * 999}, []).title) == 200
    assert ReportOptions.checked({"title": " \n"}, []).title == ""


@pytest.mark.parametrize("field", ["src_ip", "id.orig_h", "cs(Client)", "größe", "a-b", "x{}"])
def test_the_name_of_a_field_is_taken_as_it_is(field):
    assert ReportOptions.checked({"by": field}, []).by == field


def checked(options, *positional):
    """The options, or the error by which they were refused."""
    try:
        return ReportOptions.checked(options, list(positional))
    except InputError as error:
        return error


@given(st.text(max_size=20))
def test_no_field_name_can_carry_a_search_into_the_map_phase(text):
    found = checked({"by": text})
    assert isinstance(found, InputError) or not set(found.by) & set("\"|[]\\'= \n")


@given(st.dictionaries(st.sampled_from(["format", "title", "tlp", "top", "by"]), st.text(max_size=900)))
def test_any_text_is_taken_or_refused_in_a_short_sentence(options):
    for found in (checked(options), checked(options, "src_ip")):
        assert len(str(found)) < 600


@pytest.mark.parametrize(
    "options, why",
    [
        ({"policy": "none"}, "no policy named 'none'"),
        ({"allowlist": "absent"}, "no lookup file absent.csv"),
        ({"allowlist": "../passwords"}, "no lookup file ../passwords.csv"),
    ],
)
def test_a_policy_or_allow_list_that_is_not_there_is_one_sentence(options, why):
    assert why in str(checked(options))
