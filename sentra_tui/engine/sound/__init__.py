"""The drivers of sound: from a source to a call, from a call to a loudspeaker, and whoever listens in between."""
