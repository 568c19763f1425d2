"""The conversation as sans-I/O machines: no sockets, no tasks, no clock."""
