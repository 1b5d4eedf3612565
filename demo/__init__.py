"""The shop's demonstration: real orders to load, a mixed load, and a check of the sales. It does not ship."""
