# SPDX-License-Identifier: Apache-2.0
# A folder given as a packed file.
mkdir bad.dbp
dbconvert inspect bad.dbp
echo "inspect: status $?"
dbconvert run bad.dbp blobs/photos/scene_07.png -o out
echo "run: status $?"
dbconvert verify blobs/blobs.onnx bad.dbp --calib blobs/photos
