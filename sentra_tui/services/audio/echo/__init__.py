"""Echo: what a microphone hears of the loudspeaker is taken out."""
