"""The programs the demo's students sit at, drawn with Qt; one file each."""
