"""The network manager's commands and the college's folder: keys, register, policy."""
