"""What outputs play, heard: on Windows by WASAPI loopback, on macOS by Core Audio taps.

On Linux the sound server gives it as any other source: see `sentra_tui.services.audio.live`.
"""
