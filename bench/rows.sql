-- The sqlite3 workload, in memory: insert, index, join, aggregate, update, delete.
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, amount INTEGER, note TEXT);
CREATE TABLE owner(id INTEGER PRIMARY KEY, item INTEGER, label TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
    INSERT INTO item SELECT i, 'item ' || (i * 7919 % 300000), i * 31 % 1000, printf('%0200d', i) FROM n;
INSERT INTO owner SELECT id, id * 13 % 300000, 'owner of ' || name FROM item WHERE id % 2 = 0;
CREATE INDEX item_by_name ON item(name);
CREATE INDEX owner_by_item ON owner(item);
SELECT count(*), sum(amount), max(length(note)) FROM item;
SELECT amount, count(*), group_concat(substr(name, 1, 9)) FROM item WHERE id < 20000 GROUP BY amount ORDER BY 2 DESC, 1 LIMIT 5;
SELECT count(*), sum(length(label)) FROM item JOIN owner ON owner.item = item.id WHERE amount > 500;
UPDATE item SET note = upper(name) || note WHERE id % 3 = 0;
DELETE FROM item WHERE id % 5 = 0;
SELECT count(*), sum(length(note)), count(DISTINCT name) FROM item;
