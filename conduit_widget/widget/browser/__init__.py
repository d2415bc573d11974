"""The way to the browser: the built parts and how they get there, and the views of a widget."""
