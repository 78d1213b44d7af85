"""In the student's session: indicator, panel, lock and message windows, the capture of the screen."""
