CREATE TABLE texts (id INT AUTO_INCREMENT PRIMARY KEY, v TEXT, w VARCHAR(50) NOT NULL DEFAULT '', x CHAR(6), y TINYTEXT, z MEDIUMTEXT);
INSERT INTO texts (v, w, x, y, z) VALUES ('', '', '', '', ''), (NULL, '\\N', 'NULL', 'null', '\\'), ('\\\\', 'a\tb', '\r\n', '\n', '\t'), ('\0', 'a\0b', '\Z', '''', '"');
INSERT INTO texts (v, w, x, y, z) VALUES (',', ' ', 'a ', '  a', 'a  '), ('0', 'N', '#', '%s %d %%', '/*!50000 x */ -- y'), ('é€😀', 'e\u0301', 'ſẞıİ', '｜', 'a\rb'), (REPEAT('\n', 300), REPEAT('''', 50), '', NULL, REPEAT(0x01020304, 5000));
CREATE TABLE binaries (a BINARY(4), b VARBINARY(300), c TINYBLOB, d BLOB, e LONGBLOB NOT NULL);
INSERT INTO binaries VALUES (0x00, 0x00, 0x00, 0x0A, ''), (0x20, '', NULL, 0xFF, 0x00), (NULL, 0x5C4E, 0x5C, 0x5C, 0x0D0A), (0xFF00FF00, 0x1F1E1D1C, 0x0102030405060708, 0x27, 0xFEFF);
INSERT INTO binaries SELECT UNHEX(HEX(n)), UNHEX(LPAD(HEX(n), 2, '0')), UNHEX(LPAD(HEX(255 - n), 2, '0')), CONCAT(UNHEX(LPAD(HEX(n), 2, '0')), 0x01), UNHEX(CONCAT('FF', LPAD(HEX(n), 2, '0')))
FROM (WITH RECURSIVE numbers (n) AS (SELECT 16 UNION ALL SELECT n + 1 FROM numbers WHERE n < 255) SELECT n FROM numbers) AS bytes;
