"""The world behind the simulated appliances: sites, replications, links and tasks that live."""

from __future__ import annotations

from vr_exporter.simulator.world.options import WorldOptions
from vr_exporter.simulator.world.refusal import WorldRefusal
from vr_exporter.simulator.world.replica import Replica
from vr_exporter.simulator.world.view import SiteView
from vr_exporter.simulator.world.world import World

__all__ = ["Replica", "SiteView", "World", "WorldOptions", "WorldRefusal"]
