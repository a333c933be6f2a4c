#!/usr/bin/env bash
# Whether eng/package-plugins makes the same bytes again, and what is in them: packages.sh SCRATCH
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
"$tree/eng/package-plugins" "$1/one" >/dev/null
# Another place, another time, other rights, another time zone.
mkdir -p "$1/copy/eng" "$1/copy/plugins"
cp -r "$tree"/plugins/{LICENSE,shared,wordpress,prestashop} "$1/copy/plugins/"
cp "$tree/eng/package-plugins" "$1/copy/eng/"
find "$1/copy" -exec touch -h -d '2031-05-06T07:08:09Z' {} +
(umask 077 && TZ=Asia/Tokyo "$1/copy/eng/package-plugins" "$1/two" >/dev/null)
for package in wordpress prestashop; do
  cmp "$1/one/$package.zip" "$1/two/$package.zip"
  # Files, no links out of the package.
  ! unzip -Z "$1/one/$package.zip" | grep -q '^l'
  unzip -q -o "$1/one/$package.zip" -d "$1/$package"
done
expect() {
  for file in "${@:2}"; do [ -s "$1/$file" ] || { echo "$1 has no $file"; exit 1; }; done
}
[ "$(ls "$1/wordpress")" = paradarum-cdn-purge ] && [ "$(ls "$1/prestashop")" = paradarumcdn ] || { echo "not one folder of the right name"; exit 1; }
expect "$1/wordpress/paradarum-cdn-purge" paradarum-cdn-purge.php uninstall.php readme.txt license.txt purge/autoload.php purge/Queue.php src/Plugin.php \
  views/settings.php assets/admin.js languages/paradarum-cdn-purge.pot languages/paradarum-cdn-purge-es_ES.mo screenshot-1.png screenshot-2.png screenshot-3.png
expect "$1/prestashop/paradarumcdn" paradarumcdn.php README.md license.txt purge/autoload.php purge/Queue.php src/Settings.php controllers/front/cron.php \
  translations/es.php logo.png index.php src/index.php purge/index.php
! find "$1/wordpress" "$1/prestashop" -name '*Test.php' -o -name '.*' -type f | grep .
for file in $(find "$1/wordpress" "$1/prestashop" -name '*.php'); do php -l "$file" >/dev/null; done
# The version stands in three places.
version=$(sed -n 's/^ \* Version: //p' "$1/wordpress/paradarum-cdn-purge/paradarum-cdn-purge.php")
grep -q "^Stable tag: $version\$" "$1/wordpress/paradarum-cdn-purge/readme.txt"
grep -q "PARADARUM_CDN_VERSION', '$version'" "$1/wordpress/paradarum-cdn-purge/paradarum-cdn-purge.php"
