"""Looks at the machine, its sound, the way to the provider and our files, and says what is wrong and what helps."""
