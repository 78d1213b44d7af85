"""What an assessment leaves on the invigilator's side: the check-list, the sheet of release codes, the report."""
