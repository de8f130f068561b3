CREATE TABLE t (v INT);
DELIMITER //
CREATE FUNCTION js(n INT) RETURNS INT DETERMINISTIC NO SQL LANGUAGE JAVASCRIPT AS $body$
  // it's; a comment
  const s = "a'b`;"; return n + s.length
$body$//
