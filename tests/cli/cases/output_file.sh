# SPDX-License-Identifier: Apache-2.0
dbconvert blobs/blobs.onnx --mean 0 -q -o made/other.dbp --report made/r.json
ls made
grep "other" made/r.json
