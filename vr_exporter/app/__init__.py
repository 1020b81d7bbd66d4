"""The composition root: settings become parts and threads, and end in order."""
