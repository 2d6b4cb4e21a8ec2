#!/bin/sh
# The manufacturer's CA: a request comes in, a certificate goes out.
set -eu
cd "$(dirname "$0")"
echo "$FACTORY_REQUEST ${FACTORY_SERIAL-} ${FACTORY_MODEL-}" >> asked
made=issued/$FACTORY_REQUEST-$FACTORY_KEY.pem
if [ ! -e "$made" ]; then
  openssl ca -batch -notext -config ca.cnf -extensions "$FACTORY_REQUEST" \
    -in /dev/stdin -out "$made.new" -startdate 20200101000000Z -enddate 99991231235959Z
  mv "$made.new" "$made"
fi
cat "$made"
