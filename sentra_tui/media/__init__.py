"""What both ends of a WebRTC call share: Opus, playout, resampling, peer-connection hygiene."""
