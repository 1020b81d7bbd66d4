"""A vSphere Replication appliance on loopback, for people and for tests."""
