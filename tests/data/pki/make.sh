#!/bin/bash
# Makes the certificates of this folder anew, with openssl 3: ./make.sh. Keys of authorities are not
# kept. Everything is valid from 2020 to 2120 but what is made to be out of date.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f -- *.crt *.key

cat >"$work/ca.cnf" <<END
[ca]
default_ca = one
[one]
dir = $work
database = $work/index
new_certs_dir = $work
serial = $work/serial
default_md = sha256
policy = any
unique_subject = no
x509_extensions = none
[any]
commonName = supplied
organizationName = optional
[none]
[req]
distinguished_name = dn
prompt = no
[dn]
END
: >"$work/index"
echo 1000 >"$work/serial"

key() {
    case $2 in
    rsa*) openssl genrsa -traditional -out "$work/$1.key" "${2#rsa}" 2>/dev/null ;;
    *) openssl ecparam -name "$2" -genkey -noout -out "$work/$1.key" ;;
    esac
}

# issue NAME KEY ISSUER SUBJECT EXTENSIONS [FROM TO [DIGEST]]; ISSUER "-": signs itself.
issue() {
    local name=$1 key=$2 issuer=$3 subject=$4 extensions=$5
    local from=${6:-20200101000000Z} to=${7:-21200101000000Z} digest=${8:-sha256}
    local signer=(-cert "$work/$issuer.crt" -keyfile "$work/$issuer.key")
    [ "$issuer" != - ] || signer=(-selfsign -keyfile "$work/$key.key")
    openssl req -new -config "$work/ca.cnf" -key "$work/$key.key" -subj "$subject" \
        -out "$work/$name.csr"
    printf '%b\n' "$extensions" >"$work/$name.ext"
    openssl ca -batch -notext -config "$work/ca.cnf" "${signer[@]}" -in "$work/$name.csr" \
        -startdate "$from" -enddate "$to" -md "$digest" -extfile "$work/$name.ext" \
        -out "$work/$name.crt" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
    cp "$work/$name.crt" .
    [ "$name" = "$key" ] || [ -f "$work/$name.key" ] || cp "$work/$key.key" "$work/$name.key"
}

CA='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash'
AKI='authorityKeyIdentifier=keyid'
CA0="${CA/CA:TRUE/CA:TRUE,pathlen:0}\n$AKI"
USE='basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash'
SAN='subjectAltName=DNS:server.example.net,DNS:*.wild.example.net,IP:192.0.2.7,IP:2001:db8::7'
BOTH="$USE\n$AKI\nextendedKeyUsage=serverAuth,clientAuth\n$SAN"

for name in root twin foreign inter deep constrained nosign noca late forclients; do
    key $name prime256v1
done
key leaf prime256v1
key leaf384 secp384r1
key leaf521 secp521r1
key leafrsa rsa2048
key leaf1024 rsa1024
key rootrsa rsa2048
key interrsa rsa2048

issue root root - '/O=strait/CN=strait test root' "$CA"
issue twin twin - '/O=strait/CN=strait test root' "$CA"
issue foreign foreign - '/O=elsewhere/CN=foreign root' "$CA"
issue rootrsa rootrsa - '/O=strait/CN=strait RSA root' "$CA"
issue inter inter root '/O=strait/CN=strait intermediate' "$CA0"
issue interrsa interrsa rootrsa '/O=strait/CN=strait RSA intermediate' "$CA0"
issue deep deep inter '/O=strait/CN=too deep' "$CA\n$AKI"
issue noca noca root '/O=strait/CN=no authority' "$USE\n$AKI"
issue nosign nosign root '/O=strait/CN=may not sign' \
    "${CA/keyCertSign,cRLSign/digitalSignature}\n$AKI"
issue late late root '/O=strait/CN=late intermediate' "$CA0" 20200101000000Z 20210101000000Z
issue forclients forclients root '/O=strait/CN=for clients' "$CA0\nextendedKeyUsage=clientAuth"
issue constrained constrained root '/O=strait/CN=constrained' \
    "$CA0\nnameConstraints=critical,permitted;DNS:example.org"

issue server leaf inter '/CN=server' "$BOTH"
issue server384 leaf384 inter '/CN=server' "$BOTH"
issue serverrsa leafrsa interrsa '/CN=server' "$BOTH"
issue server521 leaf521 inter '/CN=server' "$BOTH"
issue server1024 leaf1024 inter '/CN=server' "$BOTH"
issue direct leaf root '/CN=direct' "$BOTH"
issue expired leaf inter '/CN=expired' "$BOTH" 20200101000000Z 20210203040506Z
issue future leaf inter '/CN=future' "$BOTH" 21000101000000Z 21200101000000Z
issue cnonly leaf inter '/CN=server.example.net' "${BOTH/\\n$SAN/}"
issue onlyserver leaf inter '/CN=onlyserver' "${BOTH/,clientAuth/}"
issue onlyclient leaf inter '/CN=onlyclient' "${BOTH/serverAuth,/}"
issue nosignature leaf inter '/CN=nosignature' "${BOTH/digitalSignature/keyAgreement}"
issue sha1 leaf inter '/CN=sha1' "$BOTH" '' '' sha1
issue self leaf - '/CN=self' "${BOTH/\\n$AKI/}"
issue bynoca leaf noca '/CN=bynoca' "$BOTH"
issue bynosign leaf nosign '/CN=bynosign' "$BOTH"
issue bylate leaf late '/CN=bylate' "$BOTH"
issue bydeep leaf deep '/CN=bydeep' "$BOTH"
issue byforclients leaf forclients '/CN=byforclients' "$BOTH"
issue byconstrained leaf constrained '/CN=byconstrained' "$BOTH"
issue bytwin leaf twin '/CN=bytwin' "${BOTH/$AKI/authorityKeyIdentifier=none}"
issue bytwinkey leaf twin '/CN=bytwinkey' "$BOTH"
issue byforeign leaf foreign '/CN=byforeign' "$BOTH"

for name in leaf leaf384 leaf521 leafrsa leaf1024; do
    cp "$work/$name.key" .
done
openssl pkcs8 -topk8 -nocrypt -in leafrsa.key -out leafrsa8.key
openssl pkcs8 -topk8 -passout pass:strait -in leaf.key -out leafencrypted.key
