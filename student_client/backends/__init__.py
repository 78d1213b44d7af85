"""The only code that knows which platform this is: one interface an ability, one file a platform."""
