"""Policies are data: named, versioned, changeable as copies, and refused where the formulas have no meaning."""

from __future__ import annotations

import pytest

from ipthreat.errors import PolicyError
from ipthreat.policy import POLICIES, WEIGHTS, Policy, policy_named


def test_bulk_differs_from_standard_in_its_prior_alone():
    standard, bulk = policy_named("standard"), policy_named("bulk")
    assert (standard.prior, bulk.prior) == (0.10, 0.01)
    assert bulk.changed(prior=0.10).weights == standard.weights


def test_an_unknown_policy_is_answered_with_the_names_there_are():
    with pytest.raises(PolicyError, match="no policy named 'strict'; there are standard, bulk"):
        policy_named("strict")


def test_a_changed_policy_says_so_in_its_version_and_leaves_the_shipped_one_alone():
    changed = POLICIES["standard"].changed({"greynoise.benign": -3.0})
    assert changed.weight("greynoise.benign") == -3.0
    assert changed.version.endswith("+changed")
    assert POLICIES["standard"].weight("greynoise.benign") == -2.5


def test_a_weight_that_does_not_exist_cannot_be_changed():
    with pytest.raises(PolicyError, match="no weight named greynois"):
        POLICIES["standard"].changed({"greynois.benign": -3.0})


def test_a_word_without_a_weight_is_context():
    assert Policy().weight("ipinfo.hosting", "provider.hosting") == 0.0


@pytest.mark.parametrize(
    "values",
    [{"prior": 0.0}, {"prior": 1.0}, {"prior": float("nan")}, {"lifetime_days": 0.0}, {"lifetimes": {"otx": -1.0}}],
)
def test_values_without_meaning_are_refused(values):
    with pytest.raises(PolicyError):
        Policy(**values)


def test_a_weight_that_divides_must_be_positive():
    with pytest.raises(PolicyError):
        POLICIES["standard"].changed({"abuseipdb.full_reporters": 0.0})


def test_the_shipped_weights_cannot_be_changed_in_place():
    with pytest.raises(TypeError):
        WEIGHTS["greynoise.benign"] = 9.0  # type: ignore[index]
