CREATE TABLE t (
  id INT PRIMARY KEY, v VARCHAR(20), j JSON, KEY upper_case ((UPPER(v))), UNIQUE KEY pair ((id * 7), v), KEY hidden (v) INVISIBLE,
  KEY many ((CAST(j->'$.tags' AS UNSIGNED ARRAY))), KEY mixed (id DESC, (LENGTH(v)), v(3))
);
INSERT INTO t VALUES (1, 'a', '{"tags": [1, 2, 3]}'), (2, NULL, NULL), (3, 'ß', '{"tags": []}');
CREATE TABLE only_expression (v INT, UNIQUE KEY ((v + 1)));
INSERT INTO only_expression VALUES (1), (2), (NULL), (NULL);
