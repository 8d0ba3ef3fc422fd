# shellcheck shell=sh
# A redis server of its own on a socket in this directory, under load, asked for what it holds, and shut down.
redis-server --port 0 --unixsocket socket --save '' --appendonly no --daemonize no --logfile server.log &
server=$!
until [ "$(redis-cli -s socket ping 2>/dev/null)" = PONG ]; do
    kill -0 $server || exit 1
    sleep 0.05
done
redis-benchmark -s socket -q -n "${REQUESTS:-20000}" -c 20 -r 5000 -d 100 -t set,get,lpush,lpop,sadd,hset,zadd >benchmark.log || exit 1
redis-cli -s socket flushall
redis-cli -s socket eval 'for i = 1, 1000 do redis.call("set", "key" .. i, string.rep("x", i)) end return redis.call("dbsize")' 0
redis-cli -s socket strlen key777
redis-cli -s socket object encoding key5
redis-cli -s socket shutdown nosave
wait $server
echo "server ended with $?"
