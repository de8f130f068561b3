ALTER DATABASE scenario CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_swedish_ai_ci;
CREATE TABLE t (v VARCHAR(40) PRIMARY KEY, w VARCHAR(20) COLLATE utf8mb4_uca1400_nopad_as_cs, x TEXT COLLATE utf8mb4_nopad_bin, KEY (w));
INSERT INTO t WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 700) SELECT CONCAT(ELT(1 + n % 4, 'å', 'A', 'ö', '張'), n), CONCAT(n % 9, ' '), 'x ' FROM c;
