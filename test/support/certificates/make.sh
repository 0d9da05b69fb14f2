#!/bin/sh
# Makes the certificates of the tests; see README.md. Needs openssl 3.
set -eu
cd "$(dirname "$0")"
from=20200101000000Z
until=20991231235959Z
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/openssl.cnf" <<CNF
[ca]
default_ca = test
[test]
dir = $work
database = $work/index.txt
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = subject
prompt = no
[subject]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[server]
basicConstraints = CA:FALSE
subjectAltName = \${ENV::NAMES}
[client]
basicConstraints = CA:FALSE
CNF
: >"$work/index.txt"
echo 1000 >"$work/serial"
NAMES=DNS:unused.example.com
export NAMES

# certificate FILE COMMON_NAME SECTION SIGNER
certificate() {
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$2" -out "$work/$1.csr" \
    -config "$work/openssl.cnf" 2>/dev/null
  if [ "$4" = "$1" ]; then signer="-selfsign -keyfile $1.key"; else signer="-cert $4.pem -keyfile $4.key"; fi
  # shellcheck disable=SC2086
  openssl ca -batch -notext -config "$work/openssl.cnf" -extensions "$3" -startdate $from -enddate $until \
    $signer -in "$work/$1.csr" -out "$1.pem" 2>/dev/null
}

certificate ca "Test Root" authority ca
certificate other-ca "Another Test Root" authority other-ca
certificate intermediate "Test Intermediate" authority ca
NAMES=DNS:mail.example.com,DNS:localhost,IP:127.0.0.1 certificate server mail.example.com server ca
NAMES=DNS:other.example.com certificate other-name other.example.com server ca
NAMES=DNS:mail.example.com certificate chained mail.example.com server intermediate
NAMES=DNS:login.microsoftonline.com,DNS:oauth2.googleapis.com,DNS:localhost \
  certificate tokens login.microsoftonline.com server ca
certificate client pump7.example.com client ca
until=20200102000000Z
NAMES=DNS:mail.example.com,IP:127.0.0.1 certificate expired mail.example.com server ca
from=20991230000000Z until=20991231235959Z
NAMES=DNS:mail.example.com,IP:127.0.0.1 certificate not-yet-valid mail.example.com server ca
