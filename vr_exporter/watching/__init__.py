"""Reading a site again and again, and telling what changed."""
