"""Who answers, and who goes on when one fails: order, router, seam, breaker, health."""
