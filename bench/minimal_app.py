"""The smallest Textual program: what first paint is compared with."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class MinimalApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("the smallest screen there is")


if __name__ == "__main__":
    MinimalApp().run()
