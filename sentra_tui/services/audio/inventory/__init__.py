"""Which sound devices there are, what each of them is, how loud they are, and which would be chosen."""
