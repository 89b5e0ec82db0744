"""Every error ipthreat raises on purpose, and what the command line answers with.

    IpthreatError                  exit code 1
    ├── InputError                 exit code 3: something the user gave cannot be used
    │   ├── AddressError               text that is no IP address (also a ValueError)
    │   ├── EventsError                an events file that cannot be read or has no address field
    │   ├── EvidenceError              a file of recorded provider answers that cannot be used
    │   └── PolicyError                an unknown policy, or a weight that makes no sense
    ├── SnapshotError              exit code 4: a snapshot or list file is missing, cut short or corrupt
    ├── StoreError                 exit code 4: the evidence store or the quota ledger cannot be used
    │   └── StoreBusy                  … now: another process holds a file that is sound
    ├── FetchError                 exit code 5: a download failed, or is not what it should be
    │   └── FetchTimeout               … because there was no complete answer in the time allowed
    ├── SplunkError                exit code 5: Splunk refused something, or its answer is not what it should be
    │   └── SplunkSilence              … or gave no answer: what was asked of it may have been done
    ├── DeliveryError              exit code 5: a report did not reach its target
    └── MissingExtraError          exit code 6: an optional dependency is not installed

Each message is one sentence that names the thing and, where there is one, the remedy.
"""

from __future__ import annotations


class IpthreatError(Exception):
    """Base of every error that ipthreat raises on purpose."""

    exit_code = 1


class InputError(IpthreatError):
    """Something the user gave (a file, a field, an option) cannot be used."""

    exit_code = 3


class AddressError(InputError, ValueError):
    """A text is not an IP address."""


class EventsError(InputError):
    """An events file cannot be read, or has no field that holds an address."""


class EvidenceError(InputError):
    """A file of recorded provider answers cannot be used."""


class PolicyError(InputError):
    """An unknown policy name, or a policy value that makes no sense."""


class SnapshotError(IpthreatError):
    """A snapshot or list file is missing, cut short or corrupt."""

    exit_code = 4


class StoreError(IpthreatError):
    """The evidence store or the quota ledger cannot be used; a run goes on without it and says so."""

    exit_code = 4


class StoreBusy(StoreError):  # noqa: N818  # the word says that it may be had later
    """Another process, or another thread of this one, held a file for too long; it is sound and may be had later."""


class FetchError(IpthreatError):
    """A download failed, or what came is not what it should be."""

    exit_code = 5


class FetchTimeout(FetchError):  # noqa: N818  # the word says that it is one
    """There was no connection or no complete answer in the time allowed."""


class SplunkError(IpthreatError):
    """Splunk refused something, cannot be reached, or its answer is not what its interface gives."""

    exit_code = 5


class SplunkSilence(SplunkError):  # noqa: N818  # the word says that it is one
    """Splunk was asked and gave no answer: what was asked may have been done."""


class DeliveryError(IpthreatError):
    """A report did not reach its target; or, when `perhaps` is true, nobody knows, and it must not be sent again."""

    exit_code = 5

    def __init__(self, text: str, *, perhaps: bool = False) -> None:
        super().__init__(text)
        self.perhaps = perhaps


class MissingExtraError(IpthreatError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    exit_code = 6
