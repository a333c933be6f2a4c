#!/bin/sh
# Purges everything of a property and waits until it is complete.
#   PARADARUM_URL=https://control.example.net PARADARUM_KEY=... PARADARUM_PROPERTY=7 sh purge.sh
set -eu
: "${PARADARUM_URL:?the API}" "${PARADARUM_KEY:?an API key}" "${PARADARUM_PROPERTY:?the property's id}"
receipt=$(curl --silent --show-error --fail-with-body --output answer.json --write-out '%header{location}' \
  --header "X-API-Key: $PARADARUM_KEY" --header 'Content-Type: application/json' --header "Idempotency-Key: ${COMMIT:-purge-$(date +%s)-$$}" \
  --data '{"type":"All"}' "$PARADARUM_URL/api/property/$PARADARUM_PROPERTY/purge") || { cat answer.json >&2; exit 1; }
for minute in 1 2 3 4 5; do
  curl --silent --show-error --fail-with-body --header "X-API-Key: $PARADARUM_KEY" "$PARADARUM_URL$receipt?wait=60s" > receipt.json
  if grep --quiet '"state":"complete"' receipt.json; then echo "complete: $receipt"; exit 0; fi
done
echo "not complete after five minutes: $receipt" >&2
exit 1
