"""The fleet: are we safe now, what burns, and how did it get there."""

from __future__ import annotations

from dashboards.build.dashboard import PAIRING_VARIABLES, SITE_ALERTS, Dashboard
from dashboards.build.fleet.budget import BUDGET
from dashboards.build.fleet.burning import BURNING
from dashboards.build.fleet.safety import SAFETY
from dashboards.build.fleet.sites import SITES

FLEET = Dashboard(
    uid="vr-fleet",
    title="vSphere Replication / Fleet",
    says="Are we safe now? Sites, RPO compliance and its error budget, and what burns.",
    rows=(SAFETY, BURNING, BUDGET, SITES),
    variables=PAIRING_VARIABLES,
    marks=(SITE_ALERTS,),
)
