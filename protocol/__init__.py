"""What both ends agree on. Knows neither Qt nor a database; PROTOCOL.md is the normative text."""
