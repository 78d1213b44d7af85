"""The college's signed policy: the document, its hours, and what a device decides by it. Pure."""
