create table item(id integer primary key, name text, price int);
with recursive counter(n) as (select 1 union all select n + 1 from counter where n < 3000)
insert into item select n, printf('item %08d', (n * 7919) % 100003), n % 97 from counter;
create index by_name on item(name);
delete from item where id % 3 = 0;
select price, count(*) from item group by price order by 2 desc, 1 limit 5;
select group_concat(name) from (select name from item where price > 95 order by 1 limit 10);
