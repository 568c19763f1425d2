"""The endpoints that answer in writing: Responses, Conversations, chat completions and Assistants."""
