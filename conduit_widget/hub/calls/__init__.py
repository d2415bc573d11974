"""From a client's invocation to a hub method: the `Hub` class, binding, filters, dispatch, streams."""
