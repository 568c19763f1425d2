"""No word lost: sound is kept until it is words, and what no call took is written down afterwards."""
