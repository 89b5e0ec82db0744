"""One address judged for `| ipthreatlookup`, from the sources that `| ipthreat` has in the same mode."""

from __future__ import annotations

from typing import Any, Iterator, Optional, Tuple

from ..allowlist import Allowlist
from ..assessment import Assessment, assess
from ..gather import Gatherer, RecordedSource, scoped
from ..intelligence import Intelligence
from ..policy import policy_named
from ..providers import PROVIDERS
from .broker_client import BrokerClient, Search
from .conf import app_lists
from .enrich_brokered import Brokered
from .lookup_options import LookupOptions
from .lookups import read_allowlist
from .searchinfo import moment_of
from .splunkd import Splunkd

_WHY_UNASKED = {
    "cached": "nothing is on record, and mode=cached asks nobody",
    "live": "no live source is configured",
}


class Lookup:
    """What is known about one address."""

    def __init__(self, options: LookupOptions, searchinfo: Any) -> None:
        """Opens the data. Raises InputError for an allow-list that cannot be used."""
        self._options, self._about = options, searchinfo
        self._moment, self._policy = moment_of(searchinfo), policy_named(options.policy)
        self._intelligence = Intelligence.opened(app_lists())
        self._allowed = read_allowlist(options.allowlist, self._moment) if options.allowlist else Allowlist()
        self._client: Optional[BrokerClient] = None

    @property
    def calls(self) -> int:
        """Requests made to providers so far."""
        return sum(self._client.requests.values()) if self._client else 0

    def assessment(self) -> Assessment:
        """The judgement, with its dossier. Text that is no address is judged as `invalid`."""
        known, text = self._intelligence.sources(self._moment), self._options.ip
        address, scope = scoped(text)
        live = () if self._options.mode == "offline" else (self._asked(address, scope, Gatherer(known, self._allowed)),)
        gatherer = Gatherer((*known, RecordedSource(), *live), self._allowed)
        (dossier,) = gatherer.gather([text], {}, None)
        return assess(dossier, self._policy, self._moment)

    def problems(self, found: Assessment) -> Iterator[Tuple[str, str]]:
        """(kind, sentence) of what went wrong on the way to the judgement."""
        said = (self._client.problem, *self._client.messages) if self._client else ()
        yield from self._intelligence.failures([found.dossier]).items()
        yield from ((f"broker_{number}", text) for number, text in enumerate(said) if text)

    def _asked(self, address: str, scope: str, gatherer: Gatherer) -> Brokered:
        """The live sources behind the app's handler, after they were asked about a global address."""
        about, options = self._about, self._options
        live = options.mode == "live"
        search = Search(str(about.sid), live, 1, options.timeout, options.providers, self._moment)
        self._client = BrokerClient(Splunkd(about.splunkd_uri, about.session_key), self._policy, search)
        names = options.providers or tuple(PROVIDERS)
        brokered = Brokered(self._client, gatherer, names, _WHY_UNASKED[options.mode])
        if scope == "global":
            brokered.ask([address])
        return brokered
