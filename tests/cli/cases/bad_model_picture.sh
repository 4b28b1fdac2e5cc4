# SPDX-License-Identifier: Apache-2.0
# A photo given as a model.
cp blobs/photos/scene_07.png bad.onnx
dbconvert bad.onnx -o out
echo "convert: status $?"
dbconvert inspect bad.onnx
echo "inspect: status $?"
dbconvert run bad.onnx blobs/photos/scene_07.png -o out
