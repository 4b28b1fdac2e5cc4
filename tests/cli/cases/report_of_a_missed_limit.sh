# SPDX-License-Identifier: Apache-2.0
dbconvert blobs/blobs.onnx --max-size 1KB -q --mean 0 -o out --report r.json \
	2>/dev/null
echo "status $?"
grep '"met"' r.json
test ! -e out
