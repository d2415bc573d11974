"""What a hub counts, as Prometheus text."""
