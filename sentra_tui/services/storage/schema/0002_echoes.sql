-- Whether a line is an echo of another stream, and whether that is the user's word. Beside the lines, as notes are.

CREATE TABLE echoes (
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    stream TEXT NOT NULL,
    session INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    echo INTEGER NOT NULL,
    by_user INTEGER NOT NULL,
    PRIMARY KEY (talk_id, stream, session, item_id)
) WITHOUT ROWID;
