"""Runs on the student's laptop: the agent, the desktop process, and the backends that know the platform."""
