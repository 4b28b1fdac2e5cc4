# SPDX-License-Identifier: Apache-2.0
# Before the work, whose warnings are not shown.
dbconvert blobs/blobs.onnx --calib blobs/photos --labels absent -o out
dbconvert blobs/blobs.onnx --labels blobs -o out
mkdir photos
echo "no photo" >photos/a.jpg
dbconvert blobs/blobs.onnx --calib photos -o out
