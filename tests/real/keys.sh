# shellcheck shell=sh
# openssl makes keys, signs, verifies, encrypts, and serves one connection over TLS, to itself.
set -e
seq 20000 >plain
openssl genrsa -out key.pem 2048 2>/dev/null
openssl rsa -in key.pem -check -noout
openssl dgst -sha256 plain
openssl dgst -sha256 -sign key.pem -out signature plain
openssl pkey -in key.pem -pubout -out public.pem
openssl dgst -sha256 -verify public.pem -signature signature plain
openssl enc -aes-256-cbc -pbkdf2 -S 0123456789abcdef -pass pass:secret -in plain -out cipher
openssl enc -d -aes-256-cbc -pbkdf2 -S 0123456789abcdef -pass pass:secret -in cipher | cmp - plain
openssl req -new -x509 -key key.pem -subj /CN=localhost -days 2 -out certificate.pem
: >server.log # there, before the server is
openssl s_server -accept 127.0.0.1:0 -naccept 1 -www -key key.pem -cert certificate.pem >server.log 2>&1 &
server=$!
until port=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' server.log) && [ -n "$port" ]; do
    kill -0 $server
    sleep 0.05
done
curl -sS --cacert certificate.pem --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/" | grep -c '^Ciphers supported'
wait $server
echo "server ended with $?"
