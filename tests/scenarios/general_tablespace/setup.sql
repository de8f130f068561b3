CREATE TABLESPACE scenario_space ADD DATAFILE 'scenario_space.ibd';
CREATE TABLE t (v INT) TABLESPACE scenario_space;
INSERT INTO t VALUES (1);
