"""Session descriptions over HTTP, in the forms that servers take."""
