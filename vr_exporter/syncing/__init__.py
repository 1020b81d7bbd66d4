"""From a wish for a sync to its end: who is meant, whether it may be, and when."""
