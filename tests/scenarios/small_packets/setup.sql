CREATE TABLE large (id INT PRIMARY KEY, v LONGBLOB);
INSERT INTO large VALUES (1, 'x'), (2, REPEAT(0x00FF, 2000000));
CREATE TABLE small (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(1000));
INSERT INTO small (v) VALUES (REPEAT('a', 1000)), (REPEAT('b', 1000)), (REPEAT('c', 1000)), (REPEAT('d', 1000));
INSERT INTO small (v) SELECT a.v FROM small a, small b, small c, small d, small e, small f;
