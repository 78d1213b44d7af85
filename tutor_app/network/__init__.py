"""The network thread: finds devices, dials them, keeps one link to each, and meets the window in two places only.

The two places are `mailbox` (the latest picture of each stream) and `event_queue` (what happened). No Qt, no database.
"""
