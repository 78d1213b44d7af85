"""The steps from one schema to the next, run by `tutor_app.records.migrate` when the records are opened."""
