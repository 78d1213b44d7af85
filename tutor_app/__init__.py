"""Runs on staff machines: the classroom, its network, its records, its windows, and the network manager's commands."""
