CREATE TABLE `back``tick` (`co``l` INT PRIMARY KEY, `c%s` INT, `%` INT, `'` INT, `"` INT, `a b` INT, `(` INT, `é€` INT, KEY `k``.` (`c%s`));
INSERT INTO `back``tick` VALUES (1, 2, 3, 4, 5, 6, 7, 8);
DELIMITER //
CREATE TABLE `new
line` (`co
l` INT)//
INSERT INTO `new
line` VALUES (1), (2)//
DELIMITER ;
CREATE TABLE `../../x` (v INT) SELECT 1 AS v;
CREATE TABLE `..` (v INT) SELECT 2 AS v;
CREATE TABLE `a/b` (v INT) SELECT 3 AS v;
CREATE TABLE `a.b` (v INT) SELECT 4 AS v;
CREATE TABLE `a\b` (v INT) SELECT 5 AS v;
CREATE TABLE `per%cent%s` (v INT) SELECT 6 AS v;
CREATE TABLE `quote'"` (v INT) SELECT 7 AS v;
CREATE TABLE `with blank` (v INT) SELECT 8 AS v;
CREATE TABLE `select` (`from` INT) SELECT 9 AS `from`;
CREATE TABLE `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` (v INT) SELECT 10 AS v;
CREATE TABLE `üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü` (v INT) SELECT 11 AS v;
CREATE TABLE `checksum234` (v INT) SELECT 12 AS v;
CREATE TABLE `metadata` (v INT) SELECT 13 AS v;
CREATE TABLE `mydumper_0` (v INT) SELECT 14 AS v;
CREATE TABLE `t-schema` (v INT) SELECT 15 AS v;
CREATE TABLE `t-schema-view` (v INT) SELECT 16 AS v;
CREATE TABLE `t.00001` (v INT) SELECT 17 AS v;
CREATE TABLE `12` (`3` INT) SELECT 18 AS `3`;
CREATE TABLE `#sql` (v INT) SELECT 19 AS v;
CREATE TABLE `tenant*[a]?` (v INT) SELECT 20 AS v;
CREATE TABLE `=;` (v INT) SELECT 21 AS v;
CREATE TABLE `{{ ds }}` (v INT) SELECT 22 AS v;
CREATE VIEW `a ``view`` of 100%` AS SELECT `co``l` AS `%s` FROM `back``tick`;
CREATE PROCEDURE `a/b 'c'`() SELECT 1;
