# shellcheck shell=sh
# curl fetches a file from the file system and from a server of python's, and a missing one.
seq 50000 >numbers
curl -sS "file://$PWD/numbers" | cksum
/usr/bin/python3 "$1" &
server=$!
until [ -e port ]; do
    kill -0 $server || exit 1
    sleep 0.05
done
curl -sS -o fetched "http://127.0.0.1:$(cat port)/numbers"
cmp numbers fetched
curl -sS -f -o /dev/null "http://127.0.0.1:$(cat port)/missing"
echo "missing: $?"
wait $server
echo "server ended with $?"
