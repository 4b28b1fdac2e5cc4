# SPDX-License-Identifier: Apache-2.0
dbconvert blobs/blobs.onnx --max-size 1KB -q --mean 0 -o out --report r.json
echo "status $?"
grep -A 5 "\"budgets\"" r.json
test ! -e out
