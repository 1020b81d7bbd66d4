"""What answers at an address: a vSphere Replication appliance, or what is often taken for one.

Each sign is something that a server shows without a login. Nothing here was seen on a real
appliance yet; where no sign fits, what came back is told as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vr_exporter.cli.check.knock import Answer
from vr_exporter.cli.check.report import Finding, fail, ok, warn

Ask = Callable[[str], Answer]

SUBJECT = "appliance"
VAMI_PORT = 5480

_V2, _V1 = "/api/rest/vr/v2/session", "/api/rest/vr/v1/session"
_REMEDY = "set the url to the address of the vSphere Replication appliance"

_API_STATUSES = frozenset({200, 400, 401, 403, 429})
"""How the gateway answers for a session that is not there: anything but "no such path"."""

_VAPI_WORDS = ("com.vmware.vapi", '"error_type"')
"""Members of every error of vCenter's own API; the DR gateway has others (vr-api.md 5)."""


@dataclass(frozen=True, slots=True)
class Product:
    """What may answer: its name in a sentence, and the way from it to the appliance."""

    called: str
    remedy: str


SRM = Product("a Site Recovery Manager", "the vSphere Replication appliance is another machine")
VCENTER = Product(
    "a vCenter Server", "the vSphere Replication appliance is another machine, registered with it"
)
ESXI = Product("an ESXi host", "the vSphere Replication appliance is a VM of its own")
OURSELVES = Product("vr-exporter itself", "to ask an exporter, use --server")
VAMI = Product("a management interface (VAMI)", "leave the port 5480 out: the API is at 443")


@dataclass(frozen=True, slots=True)
class Sign:
    """A path, what of its answer gives a product away, and the product."""

    path: str
    holds: Callable[[Answer], bool]
    product: Product


def _is_gateway(answer: Answer) -> bool:
    """An API that knows the path and wants a session; a vCenter's words are none of it."""
    return answer.status in _API_STATUSES and not answer.is_page and not _is_vapi(answer)


def _is_vapi(answer: Answer) -> bool:
    return any(word in answer.body for word in _VAPI_WORDS)


def _has(*words: str) -> Callable[[Answer], bool]:
    return lambda answer: any(word.lower() in answer.body.lower() for word in words)


OTHERS = (
    # SRM has the same gateway with a service of its own; some serve both, so VR is asked first.
    Sign("/api/rest/srm/v2/session", _is_gateway, SRM),
    Sign("/api/rest/srm/v1/session", _is_gateway, SRM),
    # vCenter 7 and later refuses a session of its API in its own words, 6.5 and 6.7 at /rest.
    Sign("/api/session", _is_vapi, VCENTER),
    Sign("/rest/com/vmware/cis/session", _is_vapi, VCENTER),
    # Our own status page: the address of the exporter in the place of the appliance's.
    Sign("/", _has("vr-exporter"), OURSELVES),
    # Landing pages: script names for the titles, which are filled in by the browser.
    Sign("/", _has("ID_VC_Welcome", "vSphere Client", "VMware vCenter"), VCENTER),
    Sign("/", _has("ID_EESX_Welcome", "VMware ESXi"), ESXI),
    Sign("/", _has("Site Recovery Manager"), SRM),
    Sign("/", _has("Appliance Management", "VAMI"), VAMI),
    # The SOAP interface of vCenter and ESXi alike.
    Sign("/sdk/vimServiceVersions.xml", _has("urn:vim25"), VCENTER),
)
"""In the order of asking; the first that holds decides."""


def recognise(ask: Ask, *, port: int) -> Finding:
    """Name what answers; one question is enough where it is an appliance with API v2."""
    first = ask(_V2)
    if _is_gateway(first):
        return ok(SUBJECT, "vSphere Replication, API v2")
    if not first.status:
        return fail(SUBJECT, "no HTTP answer", "is the appliance's web service started?")
    if _is_gateway(ask(_V1)):
        remedy = "v1 is deprecated: upgrade the appliance"
        return warn(SUBJECT, "vSphere Replication, API v1 alone", remedy)
    product = _product(ask)
    if port == VAMI_PORT:
        owner = f" of {product.called}" if product and product is not VAMI else ""
        product = Product(f"the management interface (VAMI){owner}", VAMI.remedy)
    if product is not None:
        text = f"{product.called} answers, not a vSphere Replication appliance"
        return fail(SUBJECT, text, f"{_REMEDY}; {product.remedy}")
    return fail(SUBJECT, _unknown(first, ask("/")), _REMEDY)


def _product(ask: Ask) -> Product | None:
    seen: dict[str, Answer] = {}
    for sign in OTHERS:
        if sign.path not in seen:
            seen[sign.path] = ask(sign.path)
        if seen[sign.path].status and sign.holds(seen[sign.path]):
            return sign.product
    return None


def _unknown(first: Answer, page: Answer) -> str:
    words = [f"no vSphere Replication: {_V2} answers {first.status}"]
    if first.location:
        words.append(f"redirects to {first.location[:200]}")
    if first.server or page.server:
        words.append(f"server {(first.server or page.server)[:80]}")
    if first.title or page.title:
        words.append(f'title "{first.title or page.title}"')
    return ", ".join(words)
