"""One joined conversation: what holds it together, and a member's acts in it, a file each."""
