"""What a chat can tell a model of this kernel's variables: described, within a budget, secrets masked.

In the composer and in ``%%chat``, ``@df`` takes a variable along, ``@In[3]`` and ``@Out[3]`` a cell's code or
result, ``@cell`` the newest cell, ``@error`` the newest error with its code, ``@file:data.csv`` a file. From
Python it is ``chat.ask("What stands out?", context=[df, "error"])``. Nothing goes that was not named so.

A class says itself what a model should read of it, or somebody registers that for it::

    class Customer:
        def __llm__(self):
            return f"Customer {self.number}, since {self.since}"

    conduit_widget.context.register(Order, lambda order: order.lines)  # a DataFrame: described as one
"""

from __future__ import annotations

from conduit_widget.context.registry import register as register, unregister as unregister
