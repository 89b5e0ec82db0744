"""Widgets for JupyterLab, with ipywidgets (the extra `lab`): address browser, policy sliders, the analyst's verdict.

Each returns one widget; a notebook shows it as the value of a cell. Without ipywidgets a MissingExtraError says what to
install.
"""

from __future__ import annotations

from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

from ..assessment import Assessment
from ..errors import IpthreatError, MissingExtraError
from .result import Result
from .verdicts import Verdicts

SLIDERS: Mapping[str, Tuple[float, float]] = MappingProxyType(
    {
        "virustotal.engines": (0.0, 6.0),
        "abuseipdb.reports": (0.0, 4.0),
        "greynoise.malicious": (0.0, 4.0),
        "greynoise.benign": (-4.0, 0.0),
        "own_events.suspicious_user_agent": (0.0, 4.0),
        "own_events.web_probing": (0.0, 4.0),
        "own_events.brute_force": (0.0, 4.0),
        "own_events.exploit_attempt": (0.0, 4.0),
    }
)
"""Weight → bounds of its slider in nats."""
_SHOWN = 12
_FIXED = MappingProxyType({"flex": "0 0 auto"})  # neither side squeezes the other
_AXES = ["verdict", "confidence", "severity", "priority"]


def available() -> bool:
    """True when ipywidgets is installed."""
    return find_spec("ipywidgets") is not None


def browser(result: Result, verdicts: Optional[Verdicts] = None) -> Any:
    """A list of addresses, most pressing first, and beside it the explanation of the chosen one.

    With `verdicts` the analyst's own verdict can be given below.
    """
    widgets = _widgets()
    chosen = widgets.Select(options=_options(result.case.assessments), rows=_SHOWN, layout={"width": "26em"})
    sought = widgets.Text(placeholder="part of an address, owner or flag", layout={"width": "26em"})
    told, extra = widgets.HTML(), widgets.VBox()

    def show(*_: Any) -> None:
        if chosen.value is not None:
            told.value = result.explain(chosen.value)._repr_html_()
            extra.children = (verdict(chosen.value, verdicts, result),) if verdicts else ()

    def narrow(*_: Any) -> None:
        chosen.options = _options([item for item in result.case.assessments if _matches(item, sought.value)])

    chosen.observe(show, "value")
    sought.observe(narrow, "value")
    show()
    return _beside(widgets, widgets.VBox([sought, chosen], layout=dict(_FIXED)), widgets.VBox([told, extra]))


def _options(assessments: Sequence[Assessment]) -> List[Tuple[str, str]]:
    return [(f"{item.address}  {item.priority.value}, {item.confidence}", item.address) for item in assessments]


def _matches(item: Assessment, words: str) -> bool:
    owner = item.owner
    told = " ".join((item.address, owner.as_owner, owner.organisation, owner.country, item.verdict.value, *item.flags))
    return words.strip().lower() in told.lower()


def policy_sliders(result: Result, weights: Sequence[str] = tuple(SLIDERS)) -> Any:
    """Sliders for the prior and some weights; the ranking below is judged anew while they move."""
    widgets = _widgets()
    policy, wide = result.case.policy, {"description_width": "18em"}
    prior = widgets.FloatSlider(policy.prior, min=0.01, max=0.5, step=0.01, description="prior", style=wide)
    sliders = {name: _slider(widgets, name, policy.weight(name), wide) for name in weights}
    told = widgets.HTML()

    def judge(*_: Any) -> None:
        other = result.what_if(weights={name: slider.value for name, slider in sliders.items()}, prior=prior.value)
        changed = other.diff(result)
        table = other.table.head(_SHOWN)[_AXES].to_html(escape=True, border=0)
        told.value = f"<p>{len(changed.changes)} addresses judged otherwise than before</p>{table}"

    for slider in (prior, *sliders.values()):
        slider.layout.width = "36em"
        slider.observe(judge, "value")
    judge()
    return _beside(widgets, widgets.VBox([prior, *sliders.values()], layout=dict(_FIXED)), told)


def _beside(widgets: Any, left: Any, right: Any) -> Any:
    """Side by side, or one below the other where the page is too narrow."""
    return widgets.HBox([left, right], layout={"flex_flow": "row wrap"})


def _slider(widgets: Any, name: str, value: float, style: Mapping[str, str]) -> Any:
    low, high = SLIDERS.get(name, (min(-4.0, value), max(4.0, value)))
    return widgets.FloatSlider(value, min=low, max=high, step=0.1, description=name, style=style)


def verdict(address: str, verdicts: Verdicts, result: Optional[Result] = None) -> Any:
    """Buttons for a true and a false positive, with a note; the verdict is kept in the file of `verdicts`."""
    widgets = _widgets()
    note = widgets.Text(placeholder="note", layout={"width": "20em"})
    said = widgets.HTML()
    confidence = result.assessment(address).confidence if result else None

    def kept(hostile: bool) -> Callable[[Any], None]:
        def keep(_: Any) -> None:
            try:
                verdicts.mark(address, hostile, note.value, confidence=confidence)
                said.value = f"kept: {'hostile' if hostile else 'benign'}"
            except IpthreatError as error:
                said.value = f"not kept: {type(error).__name__}"

        return keep

    hostile = widgets.Button(description="true positive", button_style="danger")
    benign = widgets.Button(description="false positive", button_style="success")
    hostile.on_click(kept(True))
    benign.on_click(kept(False))
    return widgets.HBox([hostile, benign, note, said])


def _widgets() -> Any:
    try:
        import ipywidgets
    except ImportError:
        raise MissingExtraError("widgets need ipywidgets: pip install 'ipthreat[lab]'") from None
    return ipywidgets
