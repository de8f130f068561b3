CREATE USER 'scenario''s `user`'@'%' IDENTIFIED BY 'Secret-1';
CREATE TABLE t (v INT);
CREATE DEFINER='scenario''s `user`'@'%' VIEW w AS SELECT v FROM t;
CREATE DEFINER='scenario''s `user`'@'%' PROCEDURE p() SELECT 1;
CREATE DEFINER='scenario''s `user`'@'%' TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1;
CREATE DEFINER='scenario''s `user`'@'%' EVENT e ON SCHEDULE EVERY 1 YEAR STARTS '2037-01-01 00:00:00' DO DELETE FROM t;
