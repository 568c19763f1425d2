-- Whether the words of a line were written down after a break, from sound that was kept.

ALTER TABLE lines ADD COLUMN recovered INTEGER NOT NULL DEFAULT 0;
