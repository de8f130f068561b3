SET NAMES latin1;
CREATE TABLE mojibake (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1, w TEXT CHARACTER SET utf8mb4);
INSERT INTO mojibake VALUES (1, 'é', 'é'), (2, 'â‚¬', 'ðŸ˜€');
INSERT INTO mojibake VALUES (3, 0x818D8F909D, 'x');
