"""The only room that knows the vSphere Replication REST API."""
