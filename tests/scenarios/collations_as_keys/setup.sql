CREATE TABLE mail (address VARCHAR(190) COLLATE utf8mb4_unicode_ci PRIMARY KEY, v INT);
INSERT INTO mail SELECT CONCAT(ELT(1 + n % 6, 'Änne', 'bob', 'Bob', 'ZOË', 'straße', '張'), n, '@Example.org'), n FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 900) SELECT n FROM numbers) AS some;
CREATE TABLE exact (name VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY);
INSERT INTO exact SELECT CONCAT(CHAR(97 + n % 26), CHAR(65 + n % 26 USING utf8mb4), n) FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 900) SELECT n FROM numbers) AS some;
INSERT INTO exact VALUES ('a'), ('A'), ('ä'), (' a'), (''), ('😀'), ('\t'), ('zz\0');
CREATE TABLE padded (name CHAR(30) CHARACTER SET latin1 COLLATE latin1_german2_ci PRIMARY KEY);
INSERT INTO padded SELECT CONCAT(n, 'ß') FROM (WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 900) SELECT n FROM numbers) AS some;
