"""The lesson as plain state: who is here, what was asked and confirmed. Knows neither Qt, network nor clock."""
