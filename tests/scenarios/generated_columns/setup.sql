CREATE TABLE t (
  id INT PRIMARY KEY, v VARCHAR(40), a INT AS (id * 2) VIRTUAL, b INT AS (a + 1) STORED, c VARCHAR(80) AS (CONCAT('<', v, '''>')) VIRTUAL,
  d VARCHAR(80) AS (UPPER(c)) STORED, e JSON, f INT AS (JSON_EXTRACT(e, '$.n')) VIRTUAL, w INT NOT NULL DEFAULT 5,
  UNIQUE KEY (b), KEY (c), KEY (f), KEY (d, id)
);
INSERT INTO t (id, v, e) VALUES (1, 'é', '{"n": 7}'), (2, NULL, NULL), (3, 'b''', '{"n": 9, "m": "😀"}');
CREATE TABLE first_is_generated (g INT AS (n + 1) STORED, n INT, h INT AS (n + 2) VIRTUAL);
INSERT INTO first_is_generated (n) VALUES (1), (NULL), (3);
CREATE TABLE rounded (a DECIMAL(10,5), b DECIMAL(10,1) AS (a) STORED);
INSERT INTO rounded (a) VALUES (1.23456), (9.99999);
