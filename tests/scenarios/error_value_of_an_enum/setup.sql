SET sql_mode = '';
CREATE TABLE t (id INT PRIMARY KEY, v ENUM('x', 'y'));
INSERT INTO t VALUES (1, 'x'), (2, 0);
