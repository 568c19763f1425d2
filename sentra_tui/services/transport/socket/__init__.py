"""What a call over a WebSocket is made of."""
