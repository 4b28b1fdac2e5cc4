# SPDX-License-Identifier: Apache-2.0
dbconvert blobs/blobs.onnx --max-size 5 -o out
dbconvert blobs/blobs.onnx --max-size 50K --mean 0 -q -o made && ls made
dbconvert blobs/blobs.onnx --max-ram 5 -o out
