# SPDX-License-Identifier: Apache-2.0
# Labels of other photos: no figure, and no gate that passes.
mkdir labels
echo "0 0.5 0.5 0.1 0.1" >labels/other.txt
dbconvert eval blobs/blobs.onnx --images blobs/photos --labels labels --mean 0
echo "eval: $?"
dbconvert eval blobs/blobs.onnx --images blobs/photos --labels labels \
	--mean 0 --min-accuracy 0.1
echo "eval as a gate: $?"
dbconvert blobs/blobs.onnx --calib blobs/photos --labels labels -q \
	--mean 0 --effort fast --min-accuracy 0.1 -o out
