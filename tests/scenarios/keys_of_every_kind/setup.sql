CREATE TABLE t (
  id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(300), b TEXT, c BLOB, g GEOMETRY NOT NULL, n INT,
  KEY prefix (a(5), b(7)), UNIQUE KEY bytes (c(20)), FULLTEXT KEY words (a, b), SPATIAL KEY place (g),
  KEY down (n DESC, id), KEY `odd ``name``, (x)` (n) COMMENT 'a, (b) `c` ''d'''
);
INSERT INTO t (a, b, c, g, n) VALUES ('the quick fox', 'jumps over', 'x', ST_GeomFromText('POINT(1 2)'), 1), (NULL, NULL, NULL, ST_GeomFromText('LINESTRING(0 0, 5 5)'), NULL);
CREATE TABLE many (
  c0 INT, c1 INT, c2 INT, c3 INT, c4 INT, c5 INT, c6 INT, c7 INT,
  KEY k01 (c0), KEY k02 (c0, c1), KEY k03 (c0, c2), KEY k04 (c0, c3), KEY k05 (c0, c4), KEY k06 (c0, c5), KEY k07 (c0, c6), KEY k08 (c0, c7),
  KEY k11 (c1), KEY k12 (c1, c0), KEY k13 (c1, c2), KEY k14 (c1, c3), KEY k15 (c1, c4), KEY k16 (c1, c5), KEY k17 (c1, c6), KEY k18 (c1, c7),
  KEY k21 (c2), KEY k22 (c2, c0), KEY k23 (c2, c1), KEY k24 (c2, c3), KEY k25 (c2, c4), KEY k26 (c2, c5), KEY k27 (c2, c6), KEY k28 (c2, c7),
  KEY k31 (c3), KEY k32 (c3, c0), KEY k33 (c3, c1), KEY k34 (c3, c2), KEY k35 (c3, c4), KEY k36 (c3, c5), KEY k37 (c3, c6), KEY k38 (c3, c7),
  KEY k41 (c4), KEY k42 (c4, c0), KEY k43 (c4, c1), KEY k44 (c4, c2), KEY k45 (c4, c3), KEY k46 (c4, c5), KEY k47 (c4, c6), KEY k48 (c4, c7),
  KEY k51 (c5), KEY k52 (c5, c0), KEY k53 (c5, c1), KEY k54 (c5, c2), KEY k55 (c5, c3), KEY k56 (c5, c4), KEY k57 (c5, c6), KEY k58 (c5, c7),
  KEY k61 (c6), KEY k62 (c6, c0), KEY k63 (c6, c1), KEY k64 (c6, c2), KEY k65 (c6, c3), KEY k66 (c6, c4), KEY k67 (c6, c5), KEY k68 (c6, c7),
  KEY k71 (c7), KEY k72 (c7, c0), KEY k73 (c7, c1), KEY k74 (c7, c2), KEY k75 (c7, c3), KEY k76 (c7, c4), KEY k77 (c7, c5), KEY k78 (c7, c6)
);
INSERT INTO many VALUES (1, 2, 3, 4, 5, 6, 7, 8), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
