"""The screen: renders AppState, sends Actions."""
