"""What a provider still accepts and what it costs: stated and configured limits, forecasts, prices."""
