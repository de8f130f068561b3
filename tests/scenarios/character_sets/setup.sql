CREATE TABLE sets (
  id INT PRIMARY KEY, a VARCHAR(20) CHARACTER SET latin1, b VARCHAR(20) CHARACTER SET latin2, c VARCHAR(20) CHARACTER SET cp1251,
  d VARCHAR(20) CHARACTER SET ucs2, e VARCHAR(20) CHARACTER SET utf16, f VARCHAR(20) CHARACTER SET utf32, g VARCHAR(20) CHARACTER SET gbk,
  h VARCHAR(20) CHARACTER SET sjis, i VARCHAR(20) CHARACTER SET cp932, j VARCHAR(20) CHARACTER SET big5, k VARCHAR(20) CHARACTER SET ascii,
  l VARCHAR(20) CHARACTER SET koi8r, m VARCHAR(20) CHARACTER SET utf8mb3, n VARCHAR(20) CHARACTER SET utf8mb4, o VARCHAR(20) CHARACTER SET ujis,
  p VARCHAR(20) CHARACTER SET euckr, q VARCHAR(20) CHARACTER SET tis620, r CHAR(20) CHARACTER SET utf16le, s TEXT CHARACTER SET eucjpms
);
INSERT INTO sets VALUES
  (1, 'é', 'ł', 'я', 'é', '😀', '😀', '表', '表', '表', '許', 'a', 'я', '€', '😀', '表', '한', 'ก', '😀', '表'),
  (2, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', ''),
  (3, '€', '\\', '''', '\\', '\n', '''', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\', '\\'),
  (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE all_of_latin1 (b TINYINT UNSIGNED PRIMARY KEY, v VARCHAR(1) CHARACTER SET latin1);
INSERT INTO all_of_latin1 SELECT n, CONVERT(UNHEX(LPAD(HEX(n), 2, '0')) USING latin1) FROM (WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 255) SELECT n FROM numbers) AS bytes;
