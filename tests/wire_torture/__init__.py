"""Every byte between us and an appliance may fail: polls and triggers, at each of them in turn."""
