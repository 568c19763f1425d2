-- What was said, asked, answered and billed, talk by talk. Times ending in _ms count from the talk's started_at.

CREATE TABLE talks (
    talk_id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    provider TEXT NOT NULL
);
CREATE INDEX talks_by_change ON talks (changed_at);

CREATE TABLE streams (
    stream_id INTEGER PRIMARY KEY,
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (talk_id, name)
);

-- Final lines only. A line is placed when somebody begins to speak, and committed when its words are known.
CREATE TABLE lines (
    line_id INTEGER PRIMARY KEY,
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    stream TEXT NOT NULL,
    session INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    place REAL NOT NULL,
    kind TEXT NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (talk_id, stream, session, item_id)
);

-- Beside the lines and not in them: a line may be noted before it is final.
CREATE TABLE notes (
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    stream TEXT NOT NULL,
    session INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (talk_id, stream, session, item_id)
) WITHOUT ROWID;

CREATE TABLE questions (
    question_row INTEGER PRIMARY KEY,
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    question_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    stream TEXT NOT NULL,
    session INTEGER,
    item_id TEXT,
    scope TEXT NOT NULL,
    dropped TEXT NOT NULL DEFAULT '',
    dropped_ms INTEGER,
    UNIQUE (talk_id, question_id)
);

CREATE TABLE answers (
    answer_row INTEGER PRIMARY KEY,
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    answer_id TEXT NOT NULL,
    question_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    model TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    status TEXT NOT NULL,
    text TEXT NOT NULL DEFAULT '',
    cause TEXT NOT NULL DEFAULT '',
    hint TEXT NOT NULL DEFAULT '',
    verdict TEXT NOT NULL DEFAULT '',
    judged_ms INTEGER,
    cut_ms INTEGER,
    heard_ms INTEGER,
    heard_chars INTEGER,
    expired_ms INTEGER,
    UNIQUE (talk_id, answer_id)
);
CREATE INDEX answers_by_question ON answers (talk_id, question_id);

CREATE TABLE runs (
    run_row INTEGER PRIMARY KEY,
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    answer_id TEXT NOT NULL,
    question_id TEXT NOT NULL,
    opened_ms INTEGER NOT NULL,
    implementation TEXT,
    run_id TEXT,
    conversation_id TEXT,
    sequence_number INTEGER,
    settled_ms INTEGER,
    UNIQUE (talk_id, answer_id)
);

-- A bill has no name: one that is like another in all of this is the same bill, told again.
CREATE TABLE bills (
    bill_id INTEGER PRIMARY KEY,
    talk_id INTEGER NOT NULL REFERENCES talks ON DELETE CASCADE,
    at_ms INTEGER NOT NULL,
    stream TEXT NOT NULL,
    lane TEXT NOT NULL,
    model TEXT NOT NULL,
    usd REAL,
    text_in INTEGER NOT NULL,
    audio_in INTEGER NOT NULL,
    image_in INTEGER NOT NULL,
    cached_text_in INTEGER NOT NULL,
    cached_audio_in INTEGER NOT NULL,
    cached_image_in INTEGER NOT NULL,
    text_out INTEGER NOT NULL,
    audio_out INTEGER NOT NULL,
    seconds REAL NOT NULL
);
CREATE UNIQUE INDEX bills_once ON bills (
    talk_id, at_ms, stream, lane, model, ifnull(usd, -1), text_in, audio_in, image_in, cached_text_in,
    cached_audio_in, cached_image_in, text_out, audio_out, seconds
);
