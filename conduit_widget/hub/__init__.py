"""A generic SignalR hub as a pure ASGI app: negotiate, WebSockets, dispatch, groups, auth, limits, metrics.

This room knows nothing of chat. Import from its modules: ``hub`` (base class and ``hub_method``),
``connection``, ``clients``, ``groups``, ``app``, ``auth``, ``server``.
"""
