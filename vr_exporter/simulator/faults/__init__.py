"""Faults of the simulated appliance: switched on by a test or from a file, listed in one table."""

from __future__ import annotations

from vr_exporter.simulator.faults.fault import Fault, Kind, Stage
from vr_exporter.simulator.faults.faults import Faults
from vr_exporter.simulator.faults.file import FaultFile, FaultFileError, read_faults
from vr_exporter.simulator.faults.kinds import KINDS

__all__ = [
    "KINDS",
    "Fault",
    "FaultFile",
    "FaultFileError",
    "Faults",
    "Kind",
    "Stage",
    "read_faults",
]
