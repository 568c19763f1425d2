"""What stands between an answer and a loudspeaker."""
