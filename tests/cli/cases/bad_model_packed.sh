# SPDX-License-Identifier: Apache-2.0
# A packed file with the name of a model.
cp packed/blobs.dbp bad.onnx
dbconvert bad.onnx -o out
echo "convert: status $?"
dbconvert inspect bad.onnx
echo "inspect: status $?"
dbconvert run bad.onnx blobs/photos/scene_07.png -o out
