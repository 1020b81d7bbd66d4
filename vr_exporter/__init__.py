"""Prometheus exporter and alerting bridge for VMware vSphere Replication."""

from __future__ import annotations

__version__ = "0.1.0"
