create table item(id integer primary key, name text, price int);
with recursive counter(n) as (select 1 union all select n + 1 from counter where n < 100000)
insert into item select n, printf('item %08d', (n * 7919) % 100003), n % 97 from counter;
create index by_name on item(name);
select count(*), sum(price), min(name), max(name) from item;
select price, count(*) from item group by price order by 2 desc, 1 limit 5;
begin;
delete from item where id % 3 = 0;
update item set name = name || ' reduced' where price < 10;
commit;
select count(*), sum(length(name)) from item;
select group_concat(name) from (select a.name from item a join item b on a.id = b.id + 1 where a.price > 95 order by 1 limit 10);
select json_group_array(id) from (select id from item order by name limit 5);
