"""Data files, installed as protocol.resources; protocol/resource.py is the one reader."""
