#!/bin/bash
# Makes the certificates of the interoperability tests with the openssl command: tests/interop/pki.sh FOLDER
#
#   root ─ middle ─ issuer ─ ecdsa, p384, rsa       servers and clients: strait.test, 127.0.0.1, ::1
#                          ─ other                  elsewhere.test
#                          ─ expired, early         not any more, not yet
#   foreign ─ stranger                              strait.test, from an authority that nobody trusts
#
# NAME.pem is the chain without its root, leaf first; NAME.key the key. *.crt are the authorities;
# trusted/ is a folder of authorities as `openssl rehash` makes them.
set -euo pipefail
out=$1
mkdir -p "$out/trusted"
cd "$out"

key() { # FILE KIND
    case $2 in
    rsa) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1" ;;
    *) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1" ;;
    esac 2>/dev/null
}

cat >ca.conf <<'END'
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = ${ENV::SAN}
END
: >index.txt
export SAN=DNS:none

# sign NAME KIND ISSUER EXTENSIONS [BEGIN END]: dates as YYYYMMDDHHMMSSZ
sign() {
    key "$1.key" "$2"
    openssl req -new -key "$1.key" -subj "/CN=strait test $1" -out "$1.csr"
    openssl ca -batch -notext -config ca.conf -extensions "$4" -in "$1.csr" -out "$1.crt" \
        -cert "$3.crt" -keyfile "$3.key" -startdate "${5:-20200101000000Z}" \
        -enddate "${6:-20700101000000Z}" 2>/dev/null
}

root() {
    key "$1.key" P-384
    openssl req -x509 -new -key "$1.key" -subj "/CN=strait test $1" -days 10000 -out "$1.crt" \
        -addext "keyUsage=critical,keyCertSign,cRLSign"
}

# leaf NAME KIND SAN [BEGIN END]
leaf() {
    SAN=$3 sign "$1" "$2" issuer leaf "${@:4}"
    cat "$1.crt" issuer.crt middle.crt >"$1.pem"
}

HERE=DNS:strait.test,IP:127.0.0.1,IP:::1
root root
sign middle P-256 root authority
sign issuer rsa middle authority
leaf ecdsa P-256 "$HERE"
leaf p384 P-384 "$HERE"
leaf rsa rsa "$HERE"
leaf other P-256 DNS:elsewhere.test
leaf expired P-256 "$HERE" 20200101000000Z 20210101000000Z
leaf early P-256 "$HERE" 20600101000000Z 20700101000000Z
root foreign
SAN=$HERE sign stranger P-256 foreign leaf
cp stranger.crt stranger.pem
cp root.crt trusted/root.pem
openssl rehash trusted
