"""Text as people and models write it: how it is read, checked, shown and told."""
