# SPDX-License-Identifier: Apache-2.0
# A packed file that does not exist.
dbconvert inspect bad.dbp
echo "inspect: status $?"
dbconvert run bad.dbp blobs/photos/scene_07.png -o out
echo "run: status $?"
dbconvert verify blobs/blobs.onnx bad.dbp --calib blobs/photos
