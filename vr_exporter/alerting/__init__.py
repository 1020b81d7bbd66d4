"""Alerts out to Alertmanager, and wishes in from it."""
