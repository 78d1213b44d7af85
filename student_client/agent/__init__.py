"""Decides who may look, and holds what was decided: gate, links, leases, receipts. No Qt."""
