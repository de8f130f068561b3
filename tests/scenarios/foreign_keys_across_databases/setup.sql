CREATE DATABASE scenario_b;
CREATE TABLE scenario_b.parent (id INT PRIMARY KEY);
CREATE TABLE t (id INT, CONSTRAINT there FOREIGN KEY (id) REFERENCES scenario_b.parent (id));
CREATE TABLE scenario_b.back (id INT, CONSTRAINT back FOREIGN KEY (id) REFERENCES scenario.own (id));
CREATE TABLE own (id INT PRIMARY KEY);
INSERT INTO scenario_b.parent VALUES (1);
INSERT INTO t VALUES (1);
