"""The bundled Grafana dashboards and what builds them; the Prometheus rules lie beside them."""

from __future__ import annotations
