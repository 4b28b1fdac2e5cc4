# SPDX-License-Identifier: Apache-2.0
# A text given as a model.
echo "not a model" >bad.onnx
dbconvert bad.onnx -o out
echo "convert: status $?"
dbconvert inspect bad.onnx
echo "inspect: status $?"
dbconvert run bad.onnx blobs/photos/scene_07.png -o out
