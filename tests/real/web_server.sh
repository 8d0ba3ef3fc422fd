# shellcheck shell=sh
# An nginx of its own on a socket in this directory: a master and two workers serve files to curl, take a new
# configuration meanwhile, and end.
mkdir -p temp files
seq 20000 >files/numbers
cat >conf <<END
daemon off;
worker_processes 2;
pid $PWD/pid;
error_log $PWD/error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    server { listen unix:$PWD/socket; root $PWD/files; }
}
END
nginx -p "$PWD" -c "$PWD/conf" -e "$PWD/error.log" -g "$([ "$(id -u)" != 0 ] || echo 'user root;')" &
server=$!
get() {
    curl -sS --unix-socket socket "http://localhost/$1" "$2" "$3"
}
until get numbers -o first 2>/dev/null; do
    kill -0 $server || exit 1
    sleep 0.05
done
for _ in 1 2 3 4 5 6 7 8 9 10; do get numbers -o next; cmp files/numbers next || exit 1; done
kill -HUP $server
for _ in 1 2 3 4 5; do get numbers -o next; cmp files/numbers next || exit 1; done
get missing -w '%{http_code}' | tail -c 3
kill -QUIT $server
wait $server
echo " then ended with $?"
