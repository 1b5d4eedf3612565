"""Who calls (authentication, key_sets), and what they may do (permissions)."""
