#!/bin/sh
# Puts a redis-server under load, prints redis-benchmark's figures as CSV, and ends the server.
# usage: redis_load.sh SOCKET REQUESTS
set -eu
tries=0
until redis-cli -s "$1" ping >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 1200 ] || { echo "redis_load: no server at $1 within a minute" >&2; exit 1; }
    sleep 0.05
done
redis-benchmark -s "$1" --csv -n "$2" -c 20 -P 8 -r 100000 -d 100 -t set,get,lpush,lpop,sadd,hset,zadd
redis-cli -s "$1" shutdown nosave
