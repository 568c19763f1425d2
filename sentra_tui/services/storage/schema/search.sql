-- The words of lines and answers, for searching. The texts stay where they are.

CREATE VIRTUAL TABLE IF NOT EXISTS lines_index USING fts5 (
    text, content = 'lines', content_rowid = 'line_id', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE VIRTUAL TABLE IF NOT EXISTS answers_index USING fts5 (
    text, content = 'answers', content_rowid = 'answer_row', tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TRIGGER lines_index_insert AFTER INSERT ON lines BEGIN
    INSERT INTO lines_index (rowid, text) VALUES (new.line_id, new.text);
END;

CREATE TRIGGER lines_index_delete AFTER DELETE ON lines BEGIN
    INSERT INTO lines_index (lines_index, rowid, text) VALUES ('delete', old.line_id, old.text);
END;

CREATE TRIGGER lines_index_update AFTER UPDATE OF text ON lines BEGIN
    INSERT INTO lines_index (lines_index, rowid, text) VALUES ('delete', old.line_id, old.text);
    INSERT INTO lines_index (rowid, text) VALUES (new.line_id, new.text);
END;

CREATE TRIGGER answers_index_insert AFTER INSERT ON answers BEGIN
    INSERT INTO answers_index (rowid, text) VALUES (new.answer_row, new.text);
END;

CREATE TRIGGER answers_index_delete AFTER DELETE ON answers BEGIN
    INSERT INTO answers_index (answers_index, rowid, text) VALUES ('delete', old.answer_row, old.text);
END;

CREATE TRIGGER answers_index_update AFTER UPDATE OF text ON answers BEGIN
    INSERT INTO answers_index (answers_index, rowid, text) VALUES ('delete', old.answer_row, old.text);
    INSERT INTO answers_index (rowid, text) VALUES (new.answer_row, new.text);
END;

INSERT INTO lines_index (lines_index) VALUES ('rebuild');
INSERT INTO answers_index (answers_index) VALUES ('rebuild');
