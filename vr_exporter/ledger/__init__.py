"""What has to be remembered: totals and the tasks already counted."""
