"""The operator's tools. They talk to a running Tributary from outside and do not ship."""
