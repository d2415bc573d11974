"""What StatusHub tells: provider states, limits, metrics of generations."""
