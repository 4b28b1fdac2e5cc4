# SPDX-License-Identifier: Apache-2.0
# A folder without photos.
mkdir photos
dbconvert blobs/blobs.onnx --calib photos -o out
